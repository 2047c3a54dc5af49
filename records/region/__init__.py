"""The demo region: 海东省 Haidong, whose fictional operator is 蓝海通信 Lanhai."""
