"""S3 buckets and their policies."""

from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.bucket_settings import SETTINGS, change_settings, live_settings
from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.documents import as_map, as_text
from ec2.rehearsal.stacks.resources.kind import Kind
from ec2.rehearsal.stacks.resources.looking import answer, refuse_taken, unless_gone, wholly
from ec2.rehearsal.stacks.resources.names import generated_name
from ec2.rehearsal.stacks.resources.tags import all_tags, own_tags, pairs

NAME_LIMIT = 63
FIRST_REGION = "us-east-1"  # the one that CreateBucket does not take as a constraint


class Bucket(Kind):
    """AWS::S3::Bucket; Ref is its name."""

    name = "AWS::S3::Bucket"
    carried_out = frozenset({"BucketName", "Tags", *(setting.name for setting in SETTINGS)})
    attributes: ClassVar = {
        "Arn": "arn",
        "DomainName": "domain",
        "RegionalDomainName": "regional",
        "DualStackDomainName": "dual",
        "WebsiteURL": "website",
    }

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """The bucket, then one setting after the other."""
        name = properties.get("BucketName") or generated_name(place, NAME_LIMIT).lower()
        refuse_taken(answer(aws("s3").head_bucket, Bucket=name), self.name, name)
        where = {} if place.region == FIRST_REGION else {"LocationConstraint": place.region}
        aws("s3").create_bucket(Bucket=name, **({"CreateBucketConfiguration": where} if where else {}))
        with wholly(lambda: self.delete(aws, name, properties, place)):
            change_settings(aws, name, {}, properties)
            tag_bucket(aws, name, properties, place)
        return name

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """The settings that differ; those that the template no longer has are taken back."""
        change_settings(aws, physical_id, old, new)
        tag_bucket(aws, physical_id, new, place)

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """AWS refuses while an object is in it."""
        with unless_gone():
            aws("s3").delete_bucket(Bucket=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """Whether it is there, and the names under which it is reached."""
        s3 = aws("s3")
        if not answer(s3.head_bucket, Bucket=physical_id):
            return None
        region = s3.meta.region_name
        return {
            "name": physical_id,
            "arn": f"arn:aws:s3:::{physical_id}",
            "domain": f"{physical_id}.s3.amazonaws.com",
            "regional": f"{physical_id}.s3.{region}.amazonaws.com",
            "dual": f"{physical_id}.s3.dualstack.{region}.amazonaws.com",
            "website": f"http://{physical_id}.s3-website-{region}.amazonaws.com",
        }

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Every setting that it has."""
        tags = answer(aws("s3").get_bucket_tagging, Bucket=live["name"]).get("TagSet")
        return {
            "BucketName": live["name"],
            **live_settings(aws, live["name"]),
            "Tags": own_tags(tags),
        }


def tag_bucket(aws: Clients, bucket: str, properties: dict[str, Any], place: Place) -> None:
    """S3 takes the tags as a whole, and AWS's own from nobody but CloudFormation."""
    tags = {key: value for key, value in all_tags(properties, place).items() if not key.startswith("aws:")}
    if tags:
        aws("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": pairs(tags)})
    else:
        aws("s3").delete_bucket_tagging(Bucket=bucket)


class BucketPolicy(Kind):
    """AWS::S3::BucketPolicy; Ref is the bucket's name, as a bucket has one policy."""

    name = "AWS::S3::BucketPolicy"
    carried_out = frozenset({"Bucket", "PolicyDocument"})

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """Refused where the bucket has a policy: the new one would take its place."""
        bucket: str = properties["Bucket"]
        refuse_taken(answer(aws("s3").get_bucket_policy, Bucket=bucket), self.name, bucket)
        self.update(aws, bucket, {}, properties, place)
        return bucket

    def update(
        self, aws: Clients, physical_id: str, old: dict[str, Any], new: dict[str, Any], place: Place
    ) -> None:
        """Put the policy in the place of the one before."""
        aws("s3").put_bucket_policy(Bucket=physical_id, Policy=as_text(new["PolicyDocument"]))

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """The bucket has no policy then."""
        with unless_gone():
            aws("s3").delete_bucket_policy(Bucket=physical_id)

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """The policy."""
        policy = answer(aws("s3").get_bucket_policy, Bucket=physical_id).get("Policy")
        return {"Bucket": physical_id, "PolicyDocument": as_map(policy)} if policy else None

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """The policy."""
        return live
