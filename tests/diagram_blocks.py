"""Blocks of structured diagrams. Each can write itself as BPMN and play itself: the oracle.

A block is idle, on, done, or dead (its token went off to an end of its own). What must be open is
told from the structure alone. `random_diagrams.py` puts blocks together.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from tests.diagram_maker import (
    Flow,
    boundary,
    catch,
    gate,
    node,
    on,
    on_event,
    script,
    several,
    subprocess,
)


@dataclass
class Sheet:
    """One process or subprocess while it is written."""

    nodes: list[str] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)


@dataclass
class Block:
    name: str
    state: Literal["idle", "on", "done", "dead"] = "idle"

    def write(self, sheet: Sheet) -> tuple[str, str]:
        """First and last element."""
        raise NotImplementedError

    def start(self) -> None:
        self.state = "on"
        self.begin()

    def begin(self) -> None: ...

    def open(self) -> list[str]:
        """Steps that wait for people, and events that a gateway waits for."""
        return []

    def ears(self) -> list[str]:
        """Signals that are waited for."""
        return []

    def stop(self) -> None:
        """The scope round it was stopped."""
        self.state = "idle"

    def do(self, step: str) -> None: ...

    def hear(self, signal: str) -> None: ...

    def signals(self) -> list[str]:
        return []

    def counters(self) -> dict[str, int]:
        """Facts that scripts count up, as they must be by now."""
        return {}


@dataclass
class User(Block):
    """`kind` none, or how an event at the step is meant: beside or instead."""

    kind: str = "none"
    handlers: int = 0

    def write(self, sheet: Sheet) -> tuple[str, str]:
        sheet.nodes.append(node("userTask", self.name))
        write_event(self, sheet)
        return self.name, self.name

    def open(self) -> list[str]:
        return [self.name] * (self.state == "on") + [f"H{self.name}"] * self.handlers

    def ears(self) -> list[str]:
        return self.signals() if self.state == "on" else []

    def stop(self) -> None:
        self.state, self.handlers = "idle", 0

    def do(self, step: str) -> None:
        if step == self.name and self.state == "on":
            self.state = "done"
        elif step == f"H{self.name}":
            self.handlers -= 1

    def hear(self, signal: str) -> None:
        if signal in self.ears():
            self.handlers += 1
            self.state = "dead" if self.kind == "instead" else "on"

    def signals(self) -> list[str]:
        return [] if self.kind == "none" else [f"sig{self.name}"]


@dataclass
class Script(Block):
    runs: int = 0

    def write(self, sheet: Sheet) -> tuple[str, str]:
        sheet.nodes.append(script(self.name, f"n_{self.name} = n_{self.name} + 1"))
        return self.name, self.name

    def begin(self) -> None:
        self.runs += 1
        self.state = "done"

    def counters(self) -> dict[str, int]:
        return {f"n_{self.name}": self.runs}


@dataclass
class Several(Block):
    """A step three times, side by side or in turn."""

    in_turn: bool = False
    left: int = 0

    def write(self, sheet: Sheet) -> tuple[str, str]:
        loop = several(times="3", into=f"r_{self.name}", in_turn=self.in_turn)
        sheet.nodes.append(node("userTask", self.name, loop))
        return self.name, self.name

    def begin(self) -> None:
        self.left = 3

    def open(self) -> list[str]:
        left = self.left if self.state == "on" else 0
        return [self.name] * (min(left, 1) if self.in_turn else left)

    def do(self, step: str) -> None:
        if step == self.name:
            self.left -= 1
            self.state = "on" if self.left else "done"


@dataclass
class Group(Block):
    """Has parts."""

    parts: list[Block] = field(default_factory=list)

    def open(self) -> list[str]:
        return [step for part in self.parts for step in part.open()]

    def ears(self) -> list[str]:
        return [signal for part in self.parts for signal in part.ears()]

    def signals(self) -> list[str]:
        return [signal for part in self.parts for signal in part.signals()]

    def counters(self) -> dict[str, int]:
        return {name: count for part in self.parts for name, count in part.counters().items()}

    def stop(self) -> None:
        self.state = "idle"
        for part in self.parts:
            part.stop()

    def do(self, step: str) -> None:
        for part in self.parts:
            part.do(step)
        self.settle()

    def hear(self, signal: str) -> None:
        for part in self.parts:
            part.hear(signal)
        self.settle()

    def settle(self) -> None:
        """Draw conclusions from the states of the parts."""
        raise NotImplementedError


@dataclass
class Chain(Group):
    at: int = 0

    def write(self, sheet: Sheet) -> tuple[str, str]:
        ends = [part.write(sheet) for part in self.parts]
        for (_, a), (b, _) in pairwise(ends):
            sheet.flows.append(f"{a} {b}")
        return ends[0][0], ends[-1][1]

    def begin(self) -> None:
        self.at = 0
        self.parts[0].start()
        self.settle()

    def settle(self) -> None:
        while self.state == "on" and self.parts[self.at].state in ("done", "dead"):
            if self.parts[self.at].state == "dead":
                self.state = "dead"
            elif self.at + 1 == len(self.parts):
                self.state = "done"
            else:
                self.at += 1
                self.parts[self.at].start()


@dataclass
class Split(Group):
    """Exclusive, parallel or inclusive; what is chosen depends on how often it was reached."""

    kind: str = "parallel"
    visits: int = 0
    strayed: bool = False
    chosen: list[Block] = field(default_factory=list)

    def write(self, sheet: Sheet) -> tuple[str, str]:
        first, last = f"G{self.name}", f"J{self.name}"
        ends = [part.write(sheet) for part in self.parts]
        default = ends[-1][0] if self.kind != "parallel" else ""
        counter = f"v_{self.name}"
        sheet.nodes += [script(f"V{self.name}", f"{counter} = {counter} + 1")]
        sheet.nodes += [gate(first, self.kind, default), gate(last, self.kind)]
        sheet.flows.append(f"V{self.name} {first}")
        for number, (a, b) in enumerate(ends):
            conditional = self.kind != "parallel" and a != default
            condition = f"{counter} % {number + 2} != 0"
            sheet.flows += [(first, a, condition) if conditional else f"{first} {a}", f"{b} {last}"]
        return f"V{self.name}", last

    def begin(self) -> None:
        self.visits += 1
        self.chosen = self.choose()
        for part in self.chosen:
            part.start()
        self.settle()

    def choose(self) -> list[Block]:
        if self.kind == "parallel":
            return self.parts
        fits = [p for i, p in enumerate(self.parts[:-1]) if self.visits % (i + 2) != 0]
        return (fits[:1] if self.kind == "exclusive" else fits) or self.parts[-1:]

    def settle(self) -> None:
        states = {part.state for part in self.chosen}
        if self.state != "on" or "on" in states:
            return
        if states == {"dead"}:
            self.state = "dead"
        elif states == {"done"} or self.kind == "inclusive":
            self.state = "done"  # a parallel join whose branch is dead waits for ever
            self.strayed |= "dead" in states

    def counters(self) -> dict[str, int]:
        """None of those of branches that went on without a token that counted there."""
        return {} if self.strayed else {f"v_{self.name}": self.visits, **super().counters()}


@dataclass
class Loop(Group):
    """Until it was gone through `times` times."""

    times: int = 2
    passes: int = 0

    def write(self, sheet: Sheet) -> tuple[str, str]:
        merge, choice, after = f"M{self.name}", f"X{self.name}", f"Y{self.name}"
        a, b = self.parts[0].write(sheet)
        counter = f"l_{self.name}"
        sheet.nodes += [gate(merge), gate(choice, default=after), script(after, "done = True")]
        sheet.nodes += [script(f"C{self.name}", f"{counter} = {counter} + 1")]
        sheet.flows += [f"{merge} {a}", f"{b} C{self.name} {choice} {after}"]
        sheet.flows += [(choice, merge, f"{counter} % {self.times} != 0")]
        return merge, after

    def begin(self) -> None:
        self.parts[0].start()
        self.settle()

    def settle(self) -> None:
        while self.state == "on" and self.parts[0].state in ("done", "dead"):
            if self.parts[0].state == "dead":
                self.state = "dead"
                return
            self.passes += 1
            if self.passes % self.times == 0:
                self.state = "done"
            else:
                self.parts[0].start()

    def counters(self) -> dict[str, int]:
        return {f"l_{self.name}": self.passes, **super().counters()}


@dataclass
class Sub(Group):
    """An embedded subprocess, perhaps with an event at it and an event subprocess in it."""

    kind: str = "none"
    handlers: int = 0
    inside: str = "none"
    guests: int = 0  # open event subprocesses
    is_cut: bool = False  # the event subprocess has stopped everything else

    def write(self, sheet: Sheet) -> tuple[str, str]:
        inner = Sheet()
        a, b = self.parts[0].write(inner)
        flows = [f"s{self.name} {a}", f"{b} e{self.name}", *inner.flows]
        if self.inside != "none":
            signal = on("signal", f"ses{self.name}")
            steps = f"s_E{self.name} I{self.name} eI{self.name}"
            stops = self.inside == "instead"
            inner.nodes.append(on_event(f"E{self.name}", signal, [], steps, stops=stops))
        sheet.nodes.append(subprocess(self.name, inner.nodes, *flows))
        write_event(self, sheet)
        return self.name, self.name

    def begin(self) -> None:
        self.is_cut, self.guests = False, 0
        self.parts[0].start()
        self.settle()

    def cut(self) -> None:
        self.is_cut, self.guests = True, 0
        self.parts[0].stop()

    def stop(self) -> None:
        super().stop()
        self.handlers = 0

    def settle(self) -> None:
        body = self.parts[0]
        is_over = self.is_cut or (body.state in ("done", "dead") and not body.open())
        if self.state == "on" and is_over and not self.guests:
            self.state = "done"  # even if its last token went to another end

    def open(self) -> list[str]:
        inside = [] if self.is_cut else super().open()
        inside += [f"I{self.name}"] * self.guests
        return (inside if self.state == "on" else []) + [f"H{self.name}"] * self.handlers

    def ears(self) -> list[str]:
        if self.state != "on":
            return []
        own = [] if self.kind == "none" else [f"sig{self.name}"]
        if self.is_cut:
            return own
        return own + [f"ses{self.name}"] * (self.inside != "none") + super().ears()

    def signals(self) -> list[str]:
        own = [] if self.kind == "none" else [f"sig{self.name}"]
        return own + [f"ses{self.name}"] * (self.inside != "none") + super().signals()

    def do(self, step: str) -> None:
        if step == f"H{self.name}":
            self.handlers -= 1
        elif self.state == "on":
            self.guests -= step == f"I{self.name}"
            if not self.is_cut:
                super().do(step)
            self.settle()

    def hear(self, signal: str) -> None:
        if self.state != "on":
            return
        if signal == f"sig{self.name}":
            self.handlers += 1
            if self.kind == "instead":
                self.cut()
                self.state = "dead"
        elif signal == f"ses{self.name}" and not self.is_cut:
            if self.inside == "instead":
                self.cut()
            self.guests += 1
        elif not self.is_cut:
            super().hear(signal)


@dataclass
class Race(Block):
    """An event gateway with two signals."""

    def write(self, sheet: Sheet) -> tuple[str, str]:
        first, last = f"R{self.name}", f"Z{self.name}"
        sheet.nodes += [gate(first, "eventBased"), gate(last)]
        for signal in self.signals():
            sheet.nodes.append(catch(f"c{signal}", on("signal", signal)))
            sheet.flows.append(f"{first} c{signal} {last}")
        return first, last

    def ears(self) -> list[str]:
        return self.signals() if self.state == "on" else []

    def hear(self, signal: str) -> None:
        if signal in self.ears():
            self.state = "done"

    def signals(self) -> list[str]:
        return [f"sig{self.name}a", f"sig{self.name}b"]


def write_event(block: User | Sub, sheet: Sheet) -> None:
    if block.kind != "none":
        name, handler = f"B{block.name}", f"H{block.name}"
        stops = block.kind == "instead"
        signal = on("signal", f"sig{block.name}")
        sheet.nodes.append(boundary(name, block.name, signal, interrupting=stops))
        sheet.flows.append(f"{name} {handler} e{handler}")
