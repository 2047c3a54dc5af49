"""The stages of a ticket, as diagrams name them on their work orders (property `stage`)."""

STAGES = {  # Chinese and English; a stage of a diagram of one's own goes by its key
    "accept": ("受理", "accept"),
    "judge": ("预判", "judge"),
    "repair": ("修复", "repair"),
    "restore_test": ("联测", "restore test"),
    "callback": ("回访", "call-back"),
    "close": ("归档", "close"),
    "report": ("报告", "report"),
}


def name_stage(stage: str) -> tuple[str, str]:
    return STAGES.get(stage, (stage or "无环节", stage or "no stage"))
