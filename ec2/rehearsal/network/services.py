"""What every instance may reach on this machine: metadata, DNS, the API and a ping."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from ec2.rehearsal.network import nft
from ec2.rehearsal.network.names import PROBE_MARK

METADATA = IPv4Address("169.254.169.254")
DNS = IPv4Address("169.254.169.253")


@dataclass(frozen=True)
class Services:
    """Where they are: ports at the pool's gateway, and the servers of this machine's resolv.conf.

    A resolver on loopback is left out: Docker asks it from this machine itself.
    """

    gateway: IPv4Address
    api_port: int
    metadata_port: int
    resolvers: tuple[IPv4Address, ...] = ()

    @property
    def reachable_resolvers(self) -> tuple[IPv4Address, ...]:
        return tuple(address for address in self.resolvers if not address.is_loopback)


def parts(services: Services) -> list[str]:
    """What passes whatever groups, ACLs and routes say: AWS exempts the same services from them."""
    dns = nft.one_of((DNS, *services.reachable_resolvers))
    both = "meta l4proto { tcp, udp } th"
    asked = [
        nft.rule(f"ct mark {PROBE_MARK:#x} accept", because="answers to this cloud's probes"),
        nft.rule(f"ip daddr {METADATA} tcp dport 80 accept", because="instance metadata"),
        nft.rule(f"ip daddr {dns} {both} dport 53 accept", because="DNS"),
    ]
    reply, probe = "ct direction reply ct original ip daddr", f"{PROBE_MARK:#x}"
    answered = [
        nft.rule(f"meta mark {probe} ct mark set {probe} accept", because="this cloud's probes"),
        nft.rule(f"{reply} {METADATA} accept", because="instance metadata"),
        nft.rule(f"{reply} {dns} {both} sport 53 accept", because="DNS"),
    ]
    return [nft.chain("exempt-out", asked), nft.chain("exempt-in", answered)]


def api(services: Services) -> str:
    """The API at the port of HTTP, which the groups of most hosts let out, to where it listens."""
    asked = f"ip daddr {services.gateway} tcp dport 80"
    return nft.rule(f"{asked} dnat ip to {services.gateway}:{services.api_port}", because="the AWS API")


def redirected(services: Services) -> list[str]:
    """From the addresses that AWS gives these services to where they are here."""
    to_metadata = f"dnat ip to {services.gateway}:{services.metadata_port}"
    metadata = nft.rule(f"ip daddr {METADATA} tcp dport 80 {to_metadata}", because="instance metadata")
    rules = [metadata, api(services)]
    for resolver in services.reachable_resolvers[:1]:
        asked = f"ip daddr {DNS} meta l4proto {{ tcp, udp }} th dport 53"
        rules.append(nft.rule(f"{asked} dnat ip to {resolver}", because="DNS"))
    return rules


def passed_on(services: Services) -> list[str]:
    """What is passed on: this machine's own link-local services, such as a real cloud's metadata, are not."""
    dns = [
        f"ip daddr {server} meta l4proto {{ tcp, udp }} th dport 53"
        for server in services.reachable_resolvers
    ]
    return [
        *(nft.rule(f"{asked} accept", because="DNS") for asked in dns),
        nft.rule("ip daddr 169.254.0.0/16 counter drop", because="this machine's own link-local services"),
    ]


def never_refused(services: Services) -> str:
    """A connection to the metadata service is answered or waits; AWS's is always there, and ours not.

    Between two processes the kernel would refuse it: a reset that answers no more than a greeting has the
    sequence number 0 (RFC 9293, 3.5.2). cloud-init in the midst of its questions gives up after five seconds
    of that, and the boot has failed for good.
    """
    refusal = f"ip saddr {services.gateway} tcp sport {services.metadata_port} tcp flags & rst == rst"
    return nft.rule(f"{refusal} tcp sequence 0 counter drop", because="instance metadata comes back")


def admitted(services: Services) -> list[str]:
    """The end of the chain for what is meant for this machine itself: everything else here is not theirs."""
    metadata = f"ct original ip daddr {METADATA} tcp dport {services.metadata_port}"
    api = f"ip daddr {services.gateway} tcp dport {services.api_port}"
    rules = [
        "ct state established,related accept",
        nft.rule(f"{metadata} counter accept", because="instance metadata"),
        nft.rule(f"{api} counter accept", because="the AWS API"),
        nft.rule("icmp type echo-request counter accept", because="ping"),
    ]
    if services.reachable_resolvers:
        servers = nft.one_of(services.reachable_resolvers)
        rules.append(
            nft.rule(
                f"ip daddr {servers} meta l4proto {{ tcp, udp }} th dport 53 counter accept", because="DNS"
            )
        )
    return [*rules, nft.rule("counter drop", because="nothing else of this machine")]
