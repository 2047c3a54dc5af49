// What bpmn-js and our panel say, in the language of the page.
import ofBpmnJs from "bpmn-js-i18n/translations/zn.js";

const ours = {
  "Add lane above": "在上方添加泳道",
  "Add lane below": "在下方添加泳道",
  "Align elements": "对齐元素",
  "Append {type}": "追加{type}",
  "Activate create/remove space tool": "腾出或收回空间",
  "Change element": "更改元素",
  "Connect to other element": "连接到其他元素",
  "Delete": "删除",
  "Distribute elements horizontally": "水平分布",
  "Distribute elements vertically": "垂直分布",
  "Divide into three lanes": "分成三条泳道",
  "Divide into two lanes": "分成两条泳道",
  "Search in diagram": "在图中查找",
  "Toggle non-interrupting": "切换是否中断",
  // the panel
  "Answers go into": "回答写入",
  "Applies where": "条件",
  "Attached: interrupts": "中断所附步骤",
  "Business object": "处理对象",
  "Called diagram": "被调用的图",
  "Clock": "时限",
  "Code": "代码",
  "Customer sees it": "客户可见",
  "Decision table": "决策表",
  "Default way": "默认分支",
  "Description": "说明",
  "Event": "事件",
  "Form": "表单",
  "General": "基本",
  "Group (instead of the lane’s)": "班组(代替泳道)",
  "Id": "标识",
  "Instead of a group: how many": "次数",
  "Key node": "关键节点",
  "Message": "消息",
  "Name": "名称",
  "On site": "需到现场",
  "Parameters": "参数",
  "Priority (1 to 5)": "优先级(1 到 5)",
  "Result goes into": "结果写入",
  "Runs once for each of": "逐项执行",
  "Script": "脚本",
  "Script after": "后置脚本",
  "Script before": "前置脚本",
  "Segment": "时段归类",
  "Service": "服务",
  "Signal": "信号",
  "Stage": "阶段",
  "Time": "时间",
  "Timer": "定时器",
  "What is sent": "发送内容",
  "What was sent goes into": "内容写入",
  "What to do": "操作说明",
  "Work order": "工单",
  // kinds of elements
  "Association": "关联",
  "BoundaryEvent": "边界事件",
  "BusinessRuleTask": "决策表步骤",
  "CallActivity": "调用另一张图",
  "Collaboration": "协作",
  "DataObjectReference": "数据对象",
  "EndEvent": "结束",
  "EventBasedGateway": "事件网关",
  "ExclusiveGateway": "排他网关",
  "InclusiveGateway": "包容网关",
  "IntermediateCatchEvent": "等待事件",
  "IntermediateThrowEvent": "抛出事件",
  "Lane": "泳道",
  "ManualTask": "手工步骤",
  "ParallelGateway": "并行网关",
  "Participant": "泳池",
  "Process": "流程",
  "ReceiveTask": "接收步骤",
  "ScriptTask": "脚本步骤",
  "SendTask": "发送步骤",
  "SequenceFlow": "顺序流",
  "ServiceTask": "服务步骤",
  "StartEvent": "开始",
  "SubProcess": "子流程",
  "Task": "步骤",
  "TextAnnotation": "注释",
  "UserTask": "人工步骤",
  // token simulation, which has its words in the code
  "Finished": "已结束",
  "No Entries": "暂无记录",
  "Pause Simulation": "暂停",
  "Play Simulation": "开始",
  "Play/Pause Simulation": "开始/暂停",
  "Reset": "重置",
  "Reset Simulation": "重置",
  "Set Animation Speed": "调整速度",
  "Set Sequence Flow": "选择分支",
  "Simulation Log": "仿真日志",
  "Toggle Simulation Log": "显示/隐藏仿真日志",
  "Token Simulation": "令牌仿真",
  "Trigger Event": "触发事件",
  // kinds of times
  "a duration": "时长",
  "a cycle": "周期",
  "an instant": "时刻",
};
const chinese = { ...ofBpmnJs, ...ours };

const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
export function say(words, values = {}) {
  const told = language === "zh" ? (chinese[words] ?? words) : words;
  return told?.replace(/{([^}]+)}/g, (whole, name) => values[name] ?? whole);
}

// Says in Chinese what a part of the page says in English by itself, now and later.
export function sayWithin(root) {
  if (language !== "zh") return;
  const tell = (element) => {
    const title = element.getAttribute?.("title");
    if (chinese[title]) element.setAttribute("title", chinese[title]);
    for (const text of element.childNodes) {
      const words = text.nodeType === Node.TEXT_NODE && text.data.trim();
      if (words && chinese[words]) text.data = text.data.replace(words, chinese[words]);
    }
  };
  const tellAll = (element) => [element, ...element.querySelectorAll("[class*=bts-]")].forEach(tell);
  tellAll(root);
  const watch = new MutationObserver((seen) => seen.flatMap((one) => [...one.addedNodes]).forEach((node) => {
    if (node.nodeType === Node.ELEMENT_NODE) tellAll(node);
  }));
  watch.observe(root, { childList: true, subtree: true });
}

export default { translate: ["value", say] };
