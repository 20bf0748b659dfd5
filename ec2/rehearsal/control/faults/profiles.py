"""Instance profiles: an instance names the one that it has now."""

from typing import Any

from moto.ec2.models.instances import Instance

from ec2.rehearsal.control.originals import replace


def mend_profiles() -> None:
    """Read off the association; moto notes the first one, with the association's id as the profile's."""

    def profile(self: Any) -> dict[str, str] | None:
        association = self.ec2_backend.iam_instance_profile_associations.get(self.id)
        if not association:
            return None
        held = association.iam_instance_profile
        return {"Arn": held.arn, "Id": held.id}

    def ignored(self: Any, wanted: Any) -> None:
        """moto's own note."""

    replace(Instance, "iam_instance_profile", property(profile, ignored))
