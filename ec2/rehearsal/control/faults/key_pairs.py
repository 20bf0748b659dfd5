"""DescribeKeyPairs: those that are asked for by id, which moto does not look at."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.key_pairs import KeyPairs

from ec2.rehearsal.control.originals import original, replace


def mend_key_pairs() -> None:
    """Each id is looked for, and one that is nobody's is an error."""
    moto_describe = original(KeyPairs, "describe_key_pairs")

    def describe_key_pairs(self: Any) -> ActionResult:
        answer: ActionResult = moto_describe(self)
        wanted = self._get_param("KeyPairIds", [])
        told: Any = answer.result
        if unknown := set(wanted) - {pair.id for pair in self.ec2_backend.key_pairs.values()}:
            raise UnknownKeyPair(min(unknown))
        if wanted:
            told["KeyPairs"] = [pair for pair in told["KeyPairs"] if pair.id in wanted]
        return answer

    replace(KeyPairs, "describe_key_pairs", describe_key_pairs)


class UnknownKeyPair(EC2ClientError):
    """What EC2 answers about an id that no key pair has."""

    def __init__(self, id: str) -> None:
        super().__init__("InvalidKeyPair.NotFound", f"The key pair '{id}' does not exist")
