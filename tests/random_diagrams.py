"""Random structured diagrams, each with its oracle. Used by test_wall_properties.py."""

from random import Random

from tests.diagram_blocks import Block, Chain, Loop, Race, Script, Several, Sheet, Split, Sub, User
from tests.diagram_maker import bundle


class Maker:
    def __init__(self, seed: int) -> None:
        self.random, self.count = Random(seed), 0

    def chain(self, depth: int, at_most: int = 2) -> Chain:
        parts = [self.block(depth) for _ in range(self.random.randint(1, at_most))]
        return Chain(self.name(), parts=parts)

    def block(self, depth: int) -> Block:
        leaves = [self.user, self.user, self.script, self.several, self.race]
        groups = [self.split, self.split, self.loop, self.sub]
        return self.random.choice(leaves + (groups * 2 if depth else []))(depth - 1)

    def name(self) -> str:
        self.count += 1
        return f"U{self.count}"

    def user(self, depth: int) -> Block:
        kind = self.random.choice(["none", "none", "beside", "instead"])
        return User(self.name(), kind=kind)

    def script(self, depth: int) -> Block:
        return Script(self.name())

    def several(self, depth: int) -> Block:
        return Several(self.name(), in_turn=self.random.random() < 0.5)

    def race(self, depth: int) -> Block:
        return Race(self.name())

    def split(self, depth: int) -> Block:
        kind = self.random.choice(["exclusive", "parallel", "inclusive"])
        parts: list[Block] = [self.branch(depth) for _ in range(self.random.randint(2, 3))]
        return Split(self.name(), parts=parts, kind=kind)

    def branch(self, depth: int) -> Block:
        """Begins with a step, so that no two flows lead from one gateway to the same element."""
        return Chain(self.name(), parts=[self.user(0), self.chain(depth)])

    def loop(self, depth: int) -> Block:
        return Loop(self.name(), parts=[self.chain(depth)], times=self.random.randint(2, 3))

    def sub(self, depth: int) -> Block:
        kinds = ["none", "beside", "instead"]
        kind, inside = self.random.choice(kinds), self.random.choice(kinds)
        return Sub(self.name(), parts=[self.chain(depth)], kind=kind, inside=inside)


def random_diagram(seed: int) -> tuple[dict[str, bytes], Sub]:
    """The bundle, and the oracle: the process as if it were a subprocess."""
    chain, sheet = Maker(seed).chain(2, at_most=4), Sheet()
    a, b = chain.write(sheet)
    extra = "".join(f'<bpmn:signal id="{name}" name="{name}"/>' for name in chain.signals())
    flows = [f"s {a}", f"{b} e", *sheet.flows]
    return bundle(sheet.nodes, *flows, extra=extra), Sub("p", parts=[chain])
