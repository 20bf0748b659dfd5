"""The process ends in the middle of an operation, and another one goes on from what it left."""

import pickle
import threading
from collections.abc import Callable
from typing import Any

from ec2.rehearsal.stacks.engine import Engine
from ec2.rehearsal.stacks.wire import install
from tests.functional.rehearsal.stacks.conftest import Stacks
from tests.functional.rehearsal.stacks.sample_templates import text, topic
from tests.functional.rehearsal.stacks.sample_types import Topic
from tests.waiting import wait_until

STOPPED = "the rehearsal was stopped during this operation"


def template(shown: str) -> str:
    """Two topics, one after the other."""
    last = {**topic("last", DisplayName=shown), "DependsOn": "First"}
    return text(Resources={"First": topic("first", DisplayName=shown), "Last": last})


def killed(engine: Engine, topics: Topic) -> bytes:
    """The records at the moment when the process dies; its threads do nothing any more."""
    topics.dead = True
    with engine.lock:
        return pickle.dumps(engine.cloud)


def restarted(dead: Engine, saved: bytes) -> Stacks:
    """A new engine that went on from the records and is done."""
    kinds = {**dead.site.types, "AWS::SNS::Topic": Topic()}
    cloud = pickle.loads(saved)  # noqa: S301  # written a moment ago by this very test
    engine = Engine(kinds, dead.site.aws, dead.site.account, dead.site.region, cloud)
    install(engine)
    engine.resume()
    engine.join()
    return Stacks(engine, dead.site.aws("cloudformation"))


def underway(stacks: Stacks, name: str, event: tuple[str, str]) -> None:
    """Wait until the operation has come to an event."""
    wait_until(lambda: stacks.events(name)[-1] == event, 10, f"{event} of {name}")


def names(aws: Callable[[str], Any]) -> list[str]:
    """The topics that are there."""
    return [one["TopicArn"].rsplit(":", 1)[-1] for one in aws("sns").list_topics()["Topics"]]


def test_an_interrupted_creation_is_rolled_back(
    engine: Engine, stacks: Stacks, cloud: Any, aws: Any, topics: Topic
) -> None:
    whole = stacks.create("whole", text(Resources={"News": topic("news")}))
    topics.gate.clear()
    cloud.create_stack(StackName="cut", TemplateBody=template("a"), OnFailure="DO_NOTHING")
    underway(stacks, "cut", ("First", "CREATE_IN_PROGRESS"))
    after = restarted(engine, killed(engine, topics))
    assert after.settled("cut")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert after.reasons("cut", "CREATE_FAILED") == [STOPPED]
    assert after.reasons("cut", "ROLLBACK_IN_PROGRESS") == [f"{STOPPED}. Rollback requested by user."]
    assert after.settled("whole") == whole
    assert names(aws) == ["news"]
    after.delete("cut")
    after.delete("whole")
    assert names(aws) == []


def test_a_stop_waits_for_what_is_being_made_and_begins_nothing_more(
    engine: Engine, stacks: Stacks, cloud: Any, aws: Any, topics: Topic
) -> None:
    topics.gate.clear()
    cloud.create_stack(StackName="ended", TemplateBody=template("a"))
    underway(stacks, "ended", ("First", "CREATE_IN_PROGRESS"))
    stop = threading.Thread(target=engine.stop, args=(20,))
    stop.start()
    assert engine.site.stopping.wait(10)
    topics.gate.set()
    stop.join()
    assert ("First", "CREATE_COMPLETE") in stacks.events("ended")
    assert names(aws) == ["first"]
    after = restarted(engine, killed(engine, topics))
    assert after.settled("ended")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert names(aws) == []


def test_a_stop_does_not_wait_for_ever(
    engine: Engine, stacks: Stacks, cloud: Any, aws: Any, topics: Topic
) -> None:
    topics.gate.clear()
    cloud.create_stack(StackName="slow", TemplateBody=template("a"))
    underway(stacks, "slow", ("First", "CREATE_IN_PROGRESS"))
    engine.stop(0.1)
    assert stacks.events("slow")[-1] == ("First", "CREATE_IN_PROGRESS")
    topics.gate.set()
    engine.join()
    assert stacks.events("slow")[-1] == ("Last", "CREATE_IN_PROGRESS"), "begun, and not carried out"
    assert names(aws) == ["first"]


def test_an_interrupted_update_is_rolled_back(
    engine: Engine, stacks: Stacks, cloud: Any, aws: Any, topics: Topic
) -> None:
    stacks.create("changing", template("a"))
    topics.gate.clear()
    cloud.update_stack(StackName="changing", TemplateBody=template("b"))
    underway(stacks, "changing", ("First", "UPDATE_IN_PROGRESS"))
    saved = killed(engine, topics)
    arn = stacks.physical_id("changing", "First")
    aws("sns").set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="b")
    after = restarted(engine, saved)
    assert after.settled("changing")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert aws("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "a"
    assert after.update("changing", template("b"))["StackStatus"] == "UPDATE_COMPLETE"


def test_an_interrupted_deletion_goes_on(
    engine: Engine, stacks: Stacks, cloud: Any, aws: Any, topics: Topic
) -> None:
    stack_id = stacks.create("going", template("a"))["StackId"]
    topics.gate.clear()
    cloud.delete_stack(StackName="going")
    underway(stacks, stack_id, ("Last", "DELETE_IN_PROGRESS"))
    after = restarted(engine, killed(engine, topics))
    assert after.settled(stack_id)["StackStatus"] == "DELETE_COMPLETE"
    assert names(aws) == []


def test_an_interrupted_clean_up_goes_on(
    engine: Engine, stacks: Stacks, cloud: Any, aws: Any, topics: Topic
) -> None:
    stacks.create("tidy", text(Resources={"News": topic("news"), "Olds": topic("olds")}))
    topics.gate.clear()
    cloud.update_stack(StackName="tidy", TemplateBody=text(Resources={"News": topic("news")}))
    underway(stacks, "tidy", ("Olds", "DELETE_IN_PROGRESS"))
    assert set(names(aws)) == {"news", "olds"}
    after = restarted(engine, killed(engine, topics))
    assert after.settled("tidy")["StackStatus"] == "UPDATE_COMPLETE"
    assert names(aws) == ["news"]
