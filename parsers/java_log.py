r"""Java's application logs: log4j, logback and JUL patterns as frameworks and servers ship them, with stack traces.

::

    2022-11-10 10:29:58.123  INFO 1 --- [   main] c.e.App : …          Spring Boot 2; 3 prints T and the offset
    2022-11-10 10:29:58,123 [main] INFO  c.e.App - …                   logback's and log4j's manuals
    2022-11-10 10:29:58,123 ERROR [main] c.e.App - …
    2022-11-10 10:29:58,123 INFO  org.apache.App: …                    Hadoop, HBase
    [2022-11-10 10:29:58,123] INFO … (kafka.server.KafkaServer)        Kafka
    2022-11-10 10:29:58,123 [myid:1] - INFO  [main:App@12] - …         ZooKeeper
    [2022-11-10T10:29:58,123][INFO ][o.e.n.Node  ] [node-1] …          Elasticsearch, OpenSearch
    INFO  [main] 2022-11-10 10:29:58,123 App.java:12 - …               Cassandra
    2022-11-10 10:29:58,123 INFO  [org.jboss.as] (main) …              WildFly, Quarkus
    22-Nov-2026 11:48:54.768 INFO [main] org.apache.App.log …          Tomcat's catalina.out

A stack trace below a message is its continuation. A start or stop the framework reports is a change, as is an
OutOfMemoryError. Traps: a pattern with ``%d{HH:mm:ss.SSS}`` (logback's default) prints no date and is not read; log
levels are padded; the comma is a decimal mark; few patterns print an offset.

https://logback.qos.ch/manual/layouts.html
https://logging.apache.org/log4j/2.x/manual/pattern-layout.html
https://docs.spring.io/spring-boot/reference/features/logging.html
https://tomcat.apache.org/tomcat-10.1-doc/logging.html
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from afterlog.parser import (
    Column,
    Form,
    Kind,
    Layout,
    LineParser,
    Match,
    Outcome,
    Sample,
    each_unique,
    severity_of,
    stamped,
)

_CATALINA: Final = Form("dd-bbb-YYYY HH:MM:SSF", "22-Nov-2026 11:48:54.768")
_KAFKA: Final = r"^(?P<message>(?s:.*)) \((?P<logger>[A-Za-z_][\w.$]*)\)$"

_FLASK: Final = r"^in \S+: "  # the same head in Python's Flask

_CHANGE: Final = {"kind": str(Kind.CHANGE), "outcome": str(Outcome.CHANGED)}
_STARTED: Final = _CHANGE | {"outcome": str(Outcome.STARTED)}
_FAILED: Final = _CHANGE | {"outcome": str(Outcome.FAILED)}
_TELLS: Final = (
    r"^Start(?:ed|ing) \S+ |^Server startup in|^Pausing ProtocolHandler|OutOfMemoryError|^Application run failed"
    r"|^(?:\[\S+ id=\d+\] )?(?:started|shut down completed|shutting down)$|^Commencing graceful shutdown|^Stopping service \["
    r"|^\[\S+\] (?:started|stopped|stopping \.\.\.|starting \.\.\.)$"
)
_SAYINGS: Final = tuple(
    (re.compile(pattern, re.DOTALL), meaning)
    for pattern, meaning in (
        (r".*\bOutOfMemoryError\b.*", _FAILED | {"action": "oom", "target": "java"}),
        (r"Started (?P<target>\S+) in [\d.]+ seconds.*", _CHANGE | {"action": "start"}),
        (r"Starting (?P<target>\S+) (?:on|using|v).*", _STARTED | {"action": "start"}),
        (r"Application run failed.*", _FAILED | {"action": "start", "target": "java"}),
        (r"Commencing graceful shutdown.*", _STARTED | {"action": "stop", "target": "java"}),
        (r"Server startup in .*", _CHANGE | {"action": "start", "target": "tomcat"}),
        (r"Stopping service \[.*", _CHANGE | {"action": "stop", "target": "tomcat"}),
        (r"\[(?P<target>\S+) id=\d+\] started", _CHANGE | {"action": "start"}),
        (r"\[(?P<target>\S+) id=\d+\] shut down completed", _CHANGE | {"action": "stop"}),
        (r"\[(?P<target>\S+) id=\d+\] shutting down", _STARTED | {"action": "stop"}),
        (r"\[(?P<target>\S+)\] started", _CHANGE | {"action": "start"}),
        (r"\[(?P<target>\S+)\] stopped", _CHANGE | {"action": "stop"}),
        (r"\[(?P<target>\S+)\] stopping \.\.\.", _STARTED | {"action": "stop"}),
    )
)


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns: dict[str, Any] = stamped(match, _CATALINA) if match.types["time"] == "text" else {}
    severity = severity_of(match.text("level"))
    refused = np.asarray(severity.is_null())
    columns |= {"severity": severity, "level": None, "refused": refused | columns.get("refused", False)}
    for name in ("thread", "logger", "application"):
        if name in match:
            columns[name] = pc.utf8_trim(match.text(name), " ")
    message = match.text("message")
    if "logger" not in match:
        told = pc.extract_regex(message, _KAFKA)
        columns["logger"] = pc.struct_field(told, "logger")
        columns["refused"] = columns["refused"] | np.asarray(pc.match_substring_regex(message, _FLASK))
        message = columns["message"] = pc.coalesce(pc.struct_field(told, "message"), message)
    said = pc.match_substring_regex(message, _TELLS)
    return columns | (each_unique(pc.if_else(said, message, ""), _told) if pc.any(said).as_py() else {})


def _told(text: str) -> dict[str, str]:
    for pattern, meaning in _SAYINGS:
        found = pattern.fullmatch(text)
        if found:
            return meaning | found.groupdict()
    return {"kind": str(Kind.LOG)}


_SPRING: Final = "composed after: documentation of Spring Boot, Logging: log format"
_LOGBACK: Final = (
    "composed after: manual of logback, Layouts: pattern '%date [%thread] %-5level %logger{36} - %message'"
)
_TOMCAT: Final = "Tomcat 10.1.60 (Debian) on loopback"

SAMPLES: Final = (
    Sample(
        b"2022-11-10 10:29:58.123  INFO 40497 --- [           main] c.e.demo.DemoApplication                 : Started DemoApplication in 2.345 seconds (JVM running for 3.1)",
        {"time": "2022-11-10T10:29:58.123", "kind": "change", "action": "start", "target": "DemoApplication", "severity": 9,
         "pid": "40497", "thread": "main", "logger": "c.e.demo.DemoApplication"},
        _SPRING + " of 2.7",
    ),
    Sample(
        b"2024-05-10T10:29:58.123+02:00 ERROR 40497 --- [nio-8080-exec-1] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : Servlet.service() threw exception\n\njava.lang.IllegalStateException: boom\n\tat com.example.App.run(App.java:12)\nCaused by: java.io.IOException: x\n\t... 12 more",
        {"time": "2024-05-10T10:29:58.123+02:00", "severity": 17, "kind": "log",
         "message": "Servlet.service() threw exception\n\njava.lang.IllegalStateException: boom\n\tat com.example.App.run(App.java:12)\nCaused by: java.io.IOException: x\n\t... 12 more"},
        _SPRING + " of 3.1",
    ),
    Sample(
        b"2024-05-23T09:03:24.000Z  WARN 122390 --- [myapp] [           main] o.s.b.d.f.logexample.MyApplication       : low disk",
        {"time": "2024-05-23T09:03:24+00:00", "severity": 13, "application": "myapp", "thread": "main"},
        _SPRING + " of 3.4",
    ),
    Sample(
        b"2022-11-10 10:29:58,123 [main] DEBUG chapters.layouts.Sample - Hello world",
        {"time": "2022-11-10T10:29:58.123", "severity": 5, "thread": "main", "logger": "chapters.layouts.Sample", "message": "Hello world"},
        _LOGBACK,
    ),
    Sample(
        b"2022-11-10 10:29:58,123 ERROR [http-nio-8080-exec-3] c.e.OrderService - payment failed\njava.net.ConnectException: Connection refused\n\tat java.base/sun.nio.ch.Net.pollConnect(Native Method)",
        {"severity": 17, "thread": "http-nio-8080-exec-3", "logger": "c.e.OrderService",
         "message": "payment failed\njava.net.ConnectException: Connection refused\n\tat java.base/sun.nio.ch.Net.pollConnect(Native Method)"},
        "composed after: manual of log4j 2, pattern '%d %p [%t] %c - %m%n'",
    ),
    Sample(
        b"2022-11-10 10:29:58,123 INFO  c.e.App - ready",
        {"severity": 9, "logger": "c.e.App", "message": "ready"},
        "composed after: manual of log4j 2, pattern '%d %-5p %c - %m%n'",
    ),
    Sample(
        b"2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.mapreduce.v2.app.MRAppMaster: Created MRAppMaster for application appattempt_1445144423722_0020_000001",
        {"time": "2015-10-18T18:01:47.978", "severity": 9, "logger": "org.apache.hadoop.mapreduce.v2.app.MRAppMaster",
         "thread": "main", "message": "Created MRAppMaster for application appattempt_1445144423722_0020_000001"},
        "public Hadoop log of the LogHub collection",
    ),
    Sample(
        b"2008-11-09 20:36:15,148 INFO org.apache.hadoop.dfs.DataNode: PacketResponder 0 for block blk_-1608999687919862906 terminating",
        {"severity": 9, "logger": "org.apache.hadoop.dfs.DataNode", "thread": None},
        "composed after: pattern of Hadoop's log4j.properties, '%d{ISO8601} %p %c: %m%n'; text of the LogHub collection",
    ),
    Sample(
        b"[2022-11-10 10:29:58,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)",
        {"time": "2022-11-10T10:29:58.123", "kind": "change", "action": "start", "target": "KafkaServer",
         "logger": "kafka.server.KafkaServer", "message": "[KafkaServer id=0] started"},
        "composed after: pattern of Kafka's log4j.properties, '[%d] %p %m (%c)%n'; message of KafkaServer.scala",
    ),
    Sample(
        b"2015-07-29 17:41:44,747 - INFO  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774] - Notification time out: 3200",
        {"severity": 9, "message": "Notification time out: 3200"},
        "public ZooKeeper log of the LogHub collection",
    ),
    Sample(
        b"2022-11-10 10:29:58,123 [myid:1] - WARN  [SendWorker:188978561024:QuorumCnxManager$SendWorker@679] - Interrupted while waiting for message on queue",
        {"severity": 13, "message": "Interrupted while waiting for message on queue", "thread": "myid:1"},
        "composed after: pattern of ZooKeeper's log4j.properties",
    ),
    Sample(
        b"[2022-11-10T10:29:58,123][INFO ][o.e.n.Node               ] [node-1] started",
        {"time": "2022-11-10T10:29:58.123", "kind": "change", "action": "start", "target": "node-1", "logger": "o.e.n.Node"},
        "composed after: pattern of Elasticsearch's log4j2.properties; message of Node.java",
    ),
    Sample(
        b"[2022-11-10T10:29:58,123][ERROR][o.e.b.Bootstrap          ] [node-1] Exception",
        {"severity": 17, "logger": "o.e.b.Bootstrap"},
        "composed after: pattern of Elasticsearch's log4j2.properties",
    ),
    Sample(
        b"INFO  [main] 2022-11-10 10:29:58,123 Server.java:162 - Starting listening for CQL clients on localhost/127.0.0.1:9042 (unencrypted)...",
        {"time": "2022-11-10T10:29:58.123", "severity": 9, "thread": "main", "logger": "Server.java:162"},
        "composed after: pattern of Cassandra's logback.xml; message of Server.java",
    ),
    Sample(
        b"2022-11-10 10:29:58,123 ERROR [org.jboss.as.controller] (DeploymentScanner-threads - 2) WFLYCTL0013: Operation failed",
        {"severity": 17, "logger": "org.jboss.as.controller", "thread": "DeploymentScanner-threads - 2"},
        "composed after: documentation of WildFly, default pattern formatter",
    ),
    Sample(
        b'2022-11-10 10:29:58,123 ERROR [main] c.e.App - Exception in thread "main" java.lang.OutOfMemoryError: Java heap space',
        {"kind": "change", "action": "oom", "outcome": "failed"},
        "text as the Java virtual machine writes it",
    ),
    Sample(
        b"2022-11-10 10:29:58,123 INFO  c.e.App - user=\x00\xff\x1b[31m 2022-11-11 00:00:00,000 ERROR [x] y - Started Evil in 1 seconds",
        {"severity": 9, "kind": "log"},
        "hostile: NUL, bad UTF-8, an escape and another line inside a message",
    ),
    Sample(b"2022-11-10 10:29:58,123 INFO  c.e.App - " + b"x" * 1_000_000, {"severity": 9}, "hostile: a line of 1 MB"),
    Sample(b"2022-11-31 10:29:58,123 INFO  c.e.App - x", None, "hostile: no such day"),
    Sample(b"2022-11-10 10:29:58,123 Hello c.e.App - x", None, "a word where the level should be"),
)  # fmt: skip

TOMCAT_SAMPLES: Final = (
    Sample(
        b"22-Nov-2026 11:48:54.768 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log Server version name:   Apache Tomcat/10.1.60 (Debian)",
        {
            "time": "2026-11-22T11:48:54.768",
            "severity": 9,
            "thread": "main",
            "kind": "log",
            "logger": "org.apache.catalina.startup.VersionLoggerListener.log",
            "message": "Server version name:   Apache Tomcat/10.1.60 (Debian)",
        },
        _TOMCAT,
    ),
    Sample(
        b"22-Nov-2026 11:48:56.744 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [1561] milliseconds",
        {"kind": "change", "action": "start", "target": "tomcat"},
        _TOMCAT,
    ),
    Sample(
        b"22-Nov-2026 11:48:56.730 INFO [main] a.B.c \x00\xff\x1b[31m Server startup in [1] ms",
        {"kind": "log"},
        "hostile: NUL, bad UTF-8, an escape and a start inside a message",
    ),
    Sample(b"31-Nov-2026 11:48:56.730 INFO [main] a.B.c x", None, "hostile: no such day"),
)

PARSER = (
    LineParser(
        name="java",
        title="Java application log (log4j, logback, Spring Boot, Tomcat)",
        url="https://logback.qos.ch/manual/layouts.html",
        samples=SAMPLES,
        layouts=(
            Layout(
                "{time:iso}{~}{level:level} {pid:d} --- [{application}] [{thread}] {logger:word}{~}: {message:rest}",
                name="Spring Boot with a name",
            ),
            Layout(
                "{time:iso}{~}{level:level} {pid:d} --- [{thread}] {logger:word}{~}: {message:rest}", name="Spring Boot"
            ),
            Layout("{time:iso} [{thread}] {level:level}{~}{logger:word} - {message:rest}", name="logback"),
            Layout("{time:iso} {level:level}{~}[{logger}] ({thread}) {message:rest}", name="WildFly and Quarkus"),
            Layout("{time:iso} {level:level}{~}[{thread}] {logger:word} - {message:rest}", name="log4j with thread"),
            Layout("{time:iso} {level:level}{~}[{thread}] {logger:word}: {message:rest}", name="Hadoop with thread"),
            Layout("{time:iso} {level:level}{~}{logger:word} - {message:rest}", name="log4j"),
            Layout("{time:iso} {level:level}{~}{logger:word}: {message:rest}", name="Hadoop"),
            Layout("[{time:iso}] {level:level} {message:rest}", name="Kafka"),
            Layout("{time:iso} - {level:level}{~}[{logger}] - {message:rest}", name="ZooKeeper"),
            Layout("{time:iso} [{thread}] - {level:level}{~}[{logger}] - {message:rest}", name="ZooKeeper with an id"),
            Layout("[{time:iso}][{level:level}{~}][{logger}] {message:rest}", name="Elasticsearch"),
            Layout("[{time:iso}][{level:level}][{logger}] {message:rest}", name="Elasticsearch, five letters"),
            Layout("{level:level}{~}[{thread}] {time:iso} {logger:word} - {message:rest}", name="Cassandra"),
        ),
        continues=True,
        meaning=_meaning,
    ),
    LineParser(
        name="tomcat",
        title="Tomcat catalina.out",
        url="https://tomcat.apache.org/tomcat-10.1-doc/logging.html",
        samples=TOMCAT_SAMPLES,
        layouts=(Layout("{time} {level:level} [{thread}] {logger:word} {message:rest}", name="Tomcat"),),
        continues=True,
        meaning=_meaning,
    ),
)
