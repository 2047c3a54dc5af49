"""What listens on the network for those who do not speak HTTP: SNMP notifications and syslog.

Nothing is understood here: it is taken off the sockets, read as far as its envelope goes, and kept.
What it means: tasks/. Put together by workflows/listening.py.
"""
