"""From the model to one nft script, a pure function: a packet's way through it, in the order it goes.

A packet is judged twice. As it leaves an instance (prerouting, before any translation) it carries the
instance's own address and the address that the instance wrote: the source check, the security groups'
egress, the network ACL's egress and the routes see what AWS's would. As it arrives (postrouting, after
all translation) it carries the private address of the receiver and the address under which the sender
is seen there: a public one if it came by a public address. Neither depends on the forward hook, through
which traffic from this machine itself never goes.

Bridges are named with a prefix of the cloud's own, so an interface that no rule knows yet is closed.
"""

from ec2.rehearsal.network import acls, addresses, groups, names, nat_gateways, nft, routes, services
from ec2.rehearsal.network.model import Network
from ec2.rehearsal.network.services import Services
from ec2.rehearsal.settings import Rehearsal

# Between connection tracking (-200) and the translation of destinations (-100).
LEAVES = (-160, -150, -149, -148, -147, -146)
# After the translation of sources (100), Docker's own included.
ARRIVES = (110, 111, 112, 113)


def compile_rules(network: Network, rehearsal: Rehearsal, offered: Services) -> str:
    """The whole table of the cloud; loading it with `nft -f -` replaces the one before in one step."""
    prefix = names.bridge_prefix(rehearsal.name)
    inside, outside = f'iifname "{prefix}*"', f'oifname "{prefix}*"'
    pool = f'oifname "{names.pool_bridge(rehearsal.name)}"'
    return nft.ruleset(
        names.FAMILY,
        names.table(rehearsal.name),
        [
            *leaving(network, f'iifname != "{prefix}*" accept'),
            *translation(inside, outside, offered),
            *crossing(network, inside, outside, pool, offered),
            *this_machine(inside, outside, pool, offered),
            *arriving(f'oifname != "{prefix}*" accept'),
            *services.parts(offered),
            *groups.parts(network),
            *acls.parts(network),
            *routes.parts(network, rehearsal.pool),
            *nat_gateways.parts(network, rehearsal.pool),
            *addresses.parts(network, rehearsal.pool),
        ],
    )


def closed_rules(cloud: str) -> str:
    """The table as it is before anything is known, or when nothing else loads: no packet in or out."""
    prefix = names.bridge_prefix(cloud)
    dropped = {
        "prerouting": f'iifname "{prefix}*" counter drop',
        "output": f'oifname "{prefix}*" counter drop',
        "postrouting": f'oifname "{prefix}*" counter drop',
    }
    closed = [
        nft.base_chain(f"closed-{hook}", "filter", hook, LEAVES[0], [rule], "no rule set is loaded")
        for hook, rule in dropped.items()
    ]
    return nft.ruleset(names.FAMILY, names.table(cloud), closed)


def leaving(network: Network, others: str) -> list[str]:
    """Prerouting: the sender's own address, its groups, its subnet's ACL and routes, its NAT gateway's."""
    bridges = {vpc.id: vpc.bridge for vpc in network.vpcs}
    own = {f'"{bridges[i.vpc]}" . {i.mac} . {i.private}' for i in network.interfaces if i.vpc in bridges}
    check = nft.rule(
        "iifname . ether saddr . ip saddr != @own counter drop", because="not the sender's own address"
    )
    six = nft.rule("meta nfproto ipv6 counter drop", because="no IPv6 here")
    chains = {
        "leaves-source": [six, check],
        "leaves-groups": ["jump exempt-out", *groups.judged("out", "saddr")],
        "leaves-acl": ["jump exempt-out", *acls.judged("out", "saddr")],
        "leaves-route": ["jump exempt-out", *routes.judged()],
        "leaves-nat-in": ["jump exempt-out", nat_gateways.judged("there-in", "saddr")],
        "leaves-nat-out": ["jump exempt-out", nat_gateways.judged("there-out", "saddr")],
    }
    return [
        *(
            nft.base_chain(name, "filter", "prerouting", priority, [others, *rules])
            for (name, rules), priority in zip(chains.items(), LEAVES, strict=True)
        ),
        nft.named_set("own", "ifname . ether_addr . ipv4_addr", own),
    ]


def arriving(others: str) -> list[str]:
    """Postrouting: the receiver's NAT gateway's ACL, its subnet's ACL, then its groups."""
    chains = {
        "arrives-nat-in": [nat_gateways.judged("back-in", "daddr")],
        "arrives-nat-out": [nat_gateways.judged("back-out", "daddr")],
        "arrives-acl": acls.judged("in", "daddr"),
        "arrives-groups": groups.judged("in", "daddr"),
    }
    return [
        nft.base_chain(name, "filter", "postrouting", priority, [others, "jump exempt-in", *rules])
        for (name, rules), priority in zip(chains.items(), ARRIVES, strict=True)
    ]


def translation(inside: str, outside: str, offered: Services) -> list[str]:
    """Public addresses, and the services' link-local ones; who is reached sees a public sender as such."""
    public = addresses.redirected()
    to_gateway = f"{inside} ct original ip daddr {offered.gateway}"
    inbound = [f"{inside} {rule}" for rule in (*services.redirected(offered), public)]
    return [
        nft.base_chain("to-private", "nat", "prerouting", -110, inbound),
        nft.base_chain("to-private-from-here", "nat", "output", -110, [services.api(offered), public]),
        nft.base_chain("seen", "nat", "postrouting", 90, [addresses.disguised(f"{outside} ct status dnat")]),
        nft.base_chain("seen-from-here", "nat", "input", 90, [addresses.disguised(to_gateway)]),
    ]


def crossing(network: Network, inside: str, outside: str, pool: str, offered: Services) -> list[str]:
    """Forward: from one bridge to another only by a public address, and from elsewhere only answers.

    Docker 26 drops what goes from one of its bridges to another after us (DOCKER-ISOLATION-STAGE-2), so
    instances of two VPCs do not meet at all there; this table never overrules Docker's.
    """
    same = [nft.rule(f'iifname "{v.bridge}" oifname "{v.bridge}" accept', because=v.id) for v in network.vpcs]
    rules = [
        nft.rule(f"{pool} counter drop", because="nobody's public address"),
        *(f"{inside} {rule}" for rule in services.passed_on(offered)),
        *same,
        nft.rule(f"{inside} {outside} ct status dnat accept", because="by a public address"),
        nft.rule(f"{inside} {outside} counter drop", because="another VPC's private address"),
        f"{outside} ct direction reply accept",
        nft.rule(f"{outside} counter drop", because="from outside only by a public address"),
    ]
    return [nft.base_chain("crosses", "filter", "forward", -10, rules)]


def this_machine(inside: str, outside: str, pool: str, offered: Services) -> list[str]:
    """Input and output: instances reach the services alone; people here use public addresses alone.

    In the output hook a redirected packet still has the pool's interface, so that is what is asked for.
    """
    mark = f"meta mark {names.PROBE_MARK:#x} accept"
    nobody = "nobody's public address"
    here = [
        nft.rule(mark, because="this cloud's probes"),
        f"{outside} {services.never_refused(offered)}",
        nft.rule(f"{outside} ct direction original counter drop", because="private addresses are private"),
        nft.rule(f"{pool} ct direction original ct status & dnat != dnat counter drop", because=nobody),
    ]
    others = inside.replace("iifname", "iifname !=")
    return [
        nft.base_chain(
            "into-this-machine", "filter", "input", -10, [f"{others} accept", *services.admitted(offered)]
        ),
        nft.base_chain("from-this-machine", "filter", "output", 0, here),
    ]
