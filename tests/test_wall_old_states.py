"""States that older releases stored still load: the run stands as if this one had brought it there.

A state is as its release wrote it, never written again; `walked` is how the run came to stand so.
"""

from bpmn import wall
from tests.diagram_maker import (
    CALLS,
    NOW,
    Walk,
    boundary,
    cycle,
    gate,
    node,
    on,
    on_event,
    process,
    read,
    several,
)
from tests.test_wall_state import seen

FORMAT_1 = """\
{"format":1,"counter":36,"ends":[],"done":false,"scopes":[[null,{},
[[1,null,":start",64,0,{"site":{"code":"HZ","rack":1},"sites":[1,2]},{}],
[3,1,"s_ES",8,0,{"site":{"code":"HZ","rack":2},"big":true,"n":1,"found":"cut"},
{"site":{"":0,"rack":5},"big":5,"n":20,"found":27}],
[6,1,"g",64,0,{"site":{"code":"HZ","rack":2},"big":true},{"site":{"":0,"rack":5},"big":5}],
[8,6,"C",32,0,{"n":1,"found":"cut"},{"n":20,"found":27}],
[9,6,"M",32,{"keys":[0,1],"next":2,"done":[]},{"n":1,"found":"cut"},{"n":20,"found":27}],
[11,9,"M [child]",16,{"item":0},{"item":1},{"item":12}],
[13,9,"M [child]",16,{"item":1},{"item":2},{"item":14}],
[15,6,"A",64,0,{"site":{"code":"HZ","rack":3}},{"site":{"":0,"rack":25}}],[21,3,"ES",64,0],
[26,15,"B",16,0,{"n":1,"found":"cut"},{"n":20,"found":27}],[30,21,":end",8,0],
[31,3,"s_ES",64,0,{"site":{"code":"HZ","rack":3},"n":2},{"site":{"":0,"rack":25},"n":32}],
[33,31,"ES",32,0]]],[8,{},[[10,null,":start",64,0,0,{"found":0,"n":0},["sites","big","n","found"]],
[17,10,"s2",64,0],[18,17,"Q",16,0]]],[33,{},[[34,null,":start",64,0],[35,34,"s_ES",64,0],
[36,35,"H",16,0]]]]}
"""
LISTED = (
    '<bpmn:ioSpecification><bpmn:dataInput id="site"/><bpmn:dataOutput id="result"/>'
    "<bpmn:inputSet><bpmn:dataInputRefs>site</bpmn:dataInputRefs></bpmn:inputSet>"
    "<bpmn:outputSet><bpmn:dataOutputRefs>result</bpmn:dataOutputRefs></bpmn:outputSet>"
    "</bpmn:ioSpecification>"
)


def diagram() -> wall.Blueprint:
    """Branches, a call that drops facts, a loop, a timer at a step, a message beside all."""
    nodes = [gate("g", "parallel"), node("callActivity", "C", calledElement="q")]
    nodes += [node("userTask", "M", several("sites"))]
    nodes += [boundary("T", "A", cycle("R/PT1H"), interrupting=False)]
    nodes += [on_event("ES", on("message", "m"), [], "s_ES H e9", stops=False)]
    flows = ["s U g A B e", "g C e2", "g M e3", "T R e4"]
    return read(nodes, *flows, more=process("q", [LISTED], "s2 Q e5"))


def walked() -> Walk:
    walk = Walk(diagram(), {"site": {"code": "HZ", "rack": 1}, "sites": [1, 2]})
    walk.do("U", site={"code": "HZ", "rack": 2}, big=True)
    walk.hear(CALLS, n=1)
    walk.do("A", site={"code": "HZ", "rack": 3})
    walk.do("H", found="cut")
    walk.hear(CALLS, n=2)
    return walk


def test_a_state_of_format_1_stands_as_it_stood() -> None:
    old = wall.restore(diagram(), FORMAT_1.encode(), now=NOW, services=dict)
    walk = walked()
    assert seen(old) == seen(walk.live)
    assert old.save() == walk.state


def test_a_run_of_format_1_goes_on_to_its_end() -> None:
    walk = walked()
    walk.live = wall.restore(diagram(), FORMAT_1.encode(), now=NOW, services=dict)
    while walk.open:
        walk.do(walk.open[0], result=1)
    assert walk.live.finished
    assert walk.live.data["site"] == {"code": "HZ", "rack": 3}
