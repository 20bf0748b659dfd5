"""Which step of an image's history made which layer."""

from ec2.layers import Layer, layers


def step(words: str, size: int) -> dict[str, object]:
    return {"CreatedBy": words, "Size": size}


def test_steps_that_only_describe_make_no_layer_and_a_step_without_bytes_may() -> None:
    history = [
        step('CMD ["app"]', 0),
        step("ENV A=1", 0),
        step("WORKDIR /app", 0),
        step("COPY . /app # buildkit", 30),
        step("RUN /bin/sh -c true # buildkit", 0),
        step("", 700),
    ]
    assert layers(["a", "b", "c", "d"], history, 730) == (
        Layer("a", 700),
        Layer("b", 0),
        Layer("c", 30),
        Layer("d", 0),
    )


def test_a_history_that_does_not_fit_gives_every_layer_the_same_share() -> None:
    assert layers(["a", "b"], [step("imported", 100)], 100) == (Layer("a", 50), Layer("b", 50))
