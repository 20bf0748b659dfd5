"""cloud-init's own Ec2 datasource, told that the platform is AWS.

It asks for metadata tokens only on AWS, and recognises AWS by firmware tables that a container does not have.
Only its network stage is offered: the local stage would ask for an address by DHCP.
"""

from typing import Literal

from cloudinit import sources, url_helper
from cloudinit.sources import DataSourceEc2 as original


class DataSourceEc2(original.DataSourceEc2):
    """The Ec2 datasource of cloud-init, on a platform that is taken as AWS."""

    def _get_cloud_name(self) -> str:
        return original.CloudNames.AWS

    def _refresh_stale_aws_token_cb(self, exception: url_helper.UrlError) -> Literal[True]:
        """A question that nobody answers waits for the next process, and for a token that it knows.

        AWS's service is always there, so cloud-init tries six times in half a minute and gives up for good.
        """
        if exception.code is None:
            self._maybe_fetch_api_token([self.metadata_address])
        return super()._refresh_stale_aws_token_cb(exception)


STAGES = [(DataSourceEc2, (sources.DEP_FILESYSTEM, sources.DEP_NETWORK))]


def get_datasource_list(depends: tuple[str, ...]) -> list[type[sources.DataSource]]:
    """What cloud-init calls to learn which datasources fit a stage."""
    return sources.list_from_depends(depends, STAGES)
