"""How to pickle what moto's models hold and pickle refuses: locks, lambdas, keys, bodies of S3 objects."""

import importlib
import marshal
import pickle
import threading
from collections import defaultdict
from collections.abc import Callable
from types import FunctionType
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.x509 import Certificate, load_pem_x509_certificate
from moto.backends import get_backend
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.iam.models import AWSManagedPolicy, IAMBackend
from moto.s3.models import FakeKey

from ec2.rehearsal.snapshot.bodies import Bodies

LOCK, RLOCK = type(threading.Lock()), type(threading.RLock())
PEM = serialization.Encoding.PEM

Reduced = tuple[Any, ...]


class Pickler(pickle.Pickler):
    """pickle's, for moto's models; bodies of objects are kept beside the pickle, each once."""

    def __init__(self, file: Any, bodies: Bodies) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.bodies = bodies

    def reducer_override(self, thing: Any) -> Any:
        """What pickle is to write in place of `thing`; asked for each object that is not built in."""
        kind = type(thing)
        if kind is FunctionType:
            return reduced_function(thing) if "<" in thing.__qualname__ else NotImplemented
        if kind is LOCK or kind is RLOCK:
            return (threading.Lock if kind is LOCK else threading.RLock), ()
        if kind is IAMBackend:
            return reduced_iam(thing)
        if kind is FakeKey:
            return reduced_object(thing, self.bodies)
        if issubclass(kind, defaultdict) and kind is not defaultdict:
            return reduced_defaultdict(thing)
        if kind.__module__.startswith("cryptography."):
            return reduced_key(thing)
        return reduced_reference(thing)


class Unpickler(pickle.Unpickler):
    """And back, with the bodies from where they are kept."""

    def __init__(self, file: Any, bodies: Bodies) -> None:
        super().__init__(file)
        self.bodies = bodies

    def find_class(self, module: str, name: str) -> Any:
        """The one thing that only this unpickler knows, else pickle's own answer."""
        if (module, name) == (body_of.__module__, body_of.__name__):
            return self.bodies.read
        return super().find_class(module, name)


class Body:
    """Stands in a pickle for the body of an object."""

    def __init__(self, digest: str) -> None:
        self.digest = digest

    def __reduce__(self) -> Reduced:
        return body_of, (self.digest,)


def body_of(digest: str) -> bytes:
    """The name under which the unpickler looks for bodies."""
    raise NotImplementedError("only Unpickler knows where bodies are")


def reduced_object(key: Any, bodies: Bodies) -> Reduced:
    """An S3 object, its body by reference; moto would write all of it into each pickle."""
    state = vars(key).copy()
    del state["_value_buffer"], state["lock"]
    state["value"] = b"" if key.disposed else Body(bodies.keep(key))
    return FakeKey.__new__, (FakeKey,), state


def reduced_iam(backend: IAMBackend) -> Reduced:
    """IAM without the policies that AWS brings and nobody has attached: they are 24 MB, and moto has them."""
    own = {
        arn: policy
        for arn, policy in backend.managed_policies.items()
        if policy.attachment_count or not isinstance(policy, AWSManagedPolicy)
    }
    state = {**vars(backend), "managed_policies": own, "aws_managed_policies": []}
    return object.__new__, (IAMBackend,), state, None, None, completed_iam


def completed_iam(backend: IAMBackend, state: dict[str, Any]) -> None:
    """And back, with AWS's policies as moto makes them."""
    vars(backend).update(state)
    own = backend.managed_policies
    backend.aws_managed_policies = [own.get(each.arn, each) for each in backend._init_aws_policies()]
    backend.managed_policies = {each.arn: each for each in backend.aws_managed_policies} | own


def reduced_function(function: Any) -> Reduced:
    """A lambda or an inner function, such as SSM's default of its tags: its code, and the module it sees.

    Raises PicklingError for one that also sees its surroundings.
    """
    if function.__closure__:
        raise pickle.PicklingError(f"{function.__module__}.{function.__qualname__} sees its surroundings")
    return made_function, (function.__module__, marshal.dumps(function.__code__), function.__defaults__)


def made_function(module: str, code: bytes, defaults: Any) -> Callable[..., Any]:
    """The function again; the same Python has written it."""
    names = vars(importlib.import_module(module))
    return FunctionType(marshal.loads(code), names, argdefs=defaults)  # noqa: S302  # nosec B302


def reduced_defaultdict(mapping: Any) -> Reduced:
    """A kind of defaultdict whose constructor wants something else, such as SSM's ParameterDict."""
    return (
        made_defaultdict,
        (type(mapping), mapping.default_factory),
        vars(mapping),
        None,
        iter(mapping.items()),
    )


def made_defaultdict(kind: Any, factory: Any) -> Any:
    """An empty one; pickle fills it."""
    mapping = kind.__new__(kind)
    mapping.default_factory = factory
    return mapping


def reduced_key(key: Any) -> Any:
    """KMS's and ACM's keys and certificates, as PEM."""
    if isinstance(key, Certificate):
        return made_certificate, (key.public_bytes(PEM),)
    if hasattr(key, "private_bytes"):
        plain = serialization.NoEncryption()
        return made_private_key, (key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain),)
    if hasattr(key, "public_bytes"):
        written = key.public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return made_public_key, (written,)
    return NotImplemented


def made_private_key(pem: bytes) -> PrivateKeyTypes:
    """A private key that was written without a password."""
    return serialization.load_pem_private_key(pem, None)


def made_public_key(pem: bytes) -> PublicKeyTypes:
    """A public key; its loader is compiled code that pickle cannot name."""
    return serialization.load_pem_public_key(pem)


def made_certificate(pem: bytes) -> Certificate:
    """A certificate; likewise."""
    return load_pem_x509_certificate(pem)


def reduced_reference(thing: Any) -> Any:
    """moto's dictionaries of models are where they are in every process: only named, never copied."""
    if isinstance(thing, BackendDict):
        return get_backend, (thing.service_name,)
    if isinstance(thing, AccountSpecificBackend):
        return regions_of, (thing.service_name, thing.account_id)
    return NotImplemented


def regions_of(service: str, account: str) -> Any:
    """A service's models in one account."""
    return get_backend(service)[account]  # type: ignore[call-overload]
