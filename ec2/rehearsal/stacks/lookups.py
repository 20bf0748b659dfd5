"""What a template asks of AWS outside its own resources: SSM parameters, zones, a template's address."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlparse

from botocore.exceptions import ClientError

from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.resources.contract import Clients
from ec2.rehearsal.stacks.template import Template, parse
from ec2.rehearsal.stacks.template_text import BODY_LIMIT_BYTES, URL_LIMIT_BYTES


def stored_value(aws: Clients, name: str) -> str:
    """The value of an SSM parameter, by name or name:version."""
    try:
        return str(aws("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    except ClientError as error:
        raise ValidationError(
            f"Unable to fetch parameters [{name}] from parameter store for this account."
        ) from error


def zone_names(aws: Clients, region: str) -> list[str]:
    """The availability zones of a region."""
    filters = [{"Name": "region-name", "Values": [region]}]
    zones = aws("ec2").describe_availability_zones(Filters=filters)["AvailabilityZones"]
    return sorted(zone["ZoneName"] for zone in zones)


def template_of(aws: Clients, request: Mapping[str, Any]) -> Template:
    """The template that a request carries, or whose address it carries."""
    if request.get("TemplateBody"):
        return parse(request["TemplateBody"], BODY_LIMIT_BYTES)
    if request.get("TemplateURL"):
        return parse(template_at(aws, request["TemplateURL"]), URL_LIMIT_BYTES)
    raise ValidationError("Either Template URL or Template Body must be specified.")


def template_at(aws: Clients, url: str) -> str:
    """The text of a template in S3, addressed by path or by virtual host."""
    address = urlparse(url)
    host, path = address.netloc, unquote(address.path.lstrip("/"))
    bucket, _, key = path.partition("/")
    if ".s3." in host or ".s3-" in host:
        bucket, key = host.split(".s3", 1)[0], path
    try:
        answer = aws("s3").get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        raise ValidationError(f"S3 error: {error.response['Error'].get('Message', error)}") from error
    return str(answer["Body"].read().decode())
