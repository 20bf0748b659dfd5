"""Key pairs: imported, and made with the private key in the Parameter Store."""

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ec2.rehearsal.stacks.resources.contract import Clients
from tests.functional.rehearsal.resources.moto_stack import Stack, tags

KEY_PAIR = "AWS::EC2::KeyPair"


def test_a_public_key_is_imported(aws: Clients, stack: Stack) -> None:
    public_key = Ed25519PrivateKey.generate().public_key()
    material = public_key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    name = stack.create(KEY_PAIR, KeyName="mine", PublicKeyMaterial=material, Tags=tags(Name="mine"))
    assert name == "mine"
    found = aws("ec2").describe_key_pairs(KeyNames=["mine"], IncludePublicKey=True)["KeyPairs"][0]
    assert found["PublicKey"] == material
    assert stack.read(KEY_PAIR, name) == {
        "KeyName": "mine",
        "KeyType": "ed25519",
        "Tags": tags(Name="mine", Owner="team"),
    }
    assert stack.attribute(KEY_PAIR, name, "KeyFingerprint") == found["KeyFingerprint"]
    assert private_key(aws, found["KeyPairId"]) is None
    stack.update(KEY_PAIR, name, Tags=tags(Name="still mine"))
    assert (stack.read(KEY_PAIR, name) or {})["Tags"] == tags(Name="still mine", Owner="team")
    stack.delete(KEY_PAIR, name)
    assert stack.read(KEY_PAIR, name) is None


def test_a_made_pair_leaves_its_private_key_in_the_parameter_store(aws: Clients, stack: Stack) -> None:
    name = stack.create(KEY_PAIR, KeyName="made", KeyType="ed25519")
    key_pair_id = stack.attribute(KEY_PAIR, name, "KeyPairId")
    assert "PRIVATE KEY" in (private_key(aws, key_pair_id) or "")
    stack.delete(KEY_PAIR, name)
    assert private_key(aws, key_pair_id) is None


def test_a_name_that_is_taken_is_refused(stack: Stack) -> None:
    stack.create(KEY_PAIR, KeyName="taken", KeyType="ed25519")
    with pytest.raises(ClientError, match=r"InvalidKeyPair\.Duplicate"):
        stack.create(KEY_PAIR, KeyName="taken", KeyType="ed25519")


def private_key(aws: Clients, key_pair_id: str) -> str | None:
    try:
        found = aws("ssm").get_parameter(Name=f"/ec2/keypair/{key_pair_id}", WithDecryption=True)
    except ClientError:
        return None
    value: str = found["Parameter"]["Value"]
    return value
