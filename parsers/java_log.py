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
    26/11/22 14:10:58 INFO App: …                                      Spark, and Hadoop's old yymmdd HHMMSS
    INFO  [2026-11-22 14:10:57,906] c.e.App: …                         Dropwizard
    2026-11-22 14:10:58,538 | INFO  | … | c.e.App | main               ActiveMQ, Karaf
    22-Nov-2026 11:48:54.768 INFO [main] org.apache.App.log …          Tomcat's catalina.out

A stack trace below a message is its continuation. A start or stop the framework reports is a change, as is an
OutOfMemoryError. Traps: levels are padded on either side, so that a layout which knows one blank loses every INFO and
WARN; a pattern with ``%d{HH:mm:ss.SSS}`` (logback's default) prints no date and is not read; the
comma is a decimal mark; few patterns print an offset.

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
    told_by,
)

_CATALINA: Final = Form("dd-bbb-YYYY HH:MM:SSF", "22-Nov-2026 11:48:54.768")
_SHORT: Final = (
    Form("YY/mm/dd HH:MM:SS", "26/11/22 14:10:58"),
    Form("YYmmdd HHMMSS", "081111 101153"),
)
_KAFKA: Final = r"^(?P<message>(?s:.*)) \((?P<logger>[A-Za-z_][\w.$]*)\)$"

_FLASK: Final = r"^in \S+: "  # the same head in Python's Flask

_CHANGE: Final = {"kind": str(Kind.CHANGE), "outcome": str(Outcome.CHANGED)}
_STARTED: Final = _CHANGE | {"outcome": str(Outcome.STARTED)}
_FAILED: Final = _CHANGE | {"outcome": str(Outcome.FAILED)}
_TELLS: Final = (
    r"^Start(?:ed|ing) \S+ |^Server startup in|^Pausing ProtocolHandler|OutOfMemoryError|^Application run failed"
    r"|^(?:\[\S+ id=\d+\] )?(?:started|shut down completed|shutting down)$|Fatal error during \S+ startup|^Commencing graceful shutdown|^Stopping service \["
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
        (r"\[\S+ id=\d+\] Fatal error during (?P<target>\S+) startup\..*", _FAILED | {"action": "start"}),
        (r"\[(?P<target>\S+)\] started", _CHANGE | {"action": "start"}),
        (r"\[(?P<target>\S+)\] stopped", _CHANGE | {"action": "stop"}),
        (r"\[(?P<target>\S+)\] stopping \.\.\.", _STARTED | {"action": "stop"}),
    )
)


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    columns: dict[str, Any] = _time(match)
    severity = severity_of(match.text("level"))
    refused = np.asarray(severity.is_null())
    columns |= {"severity": severity, "level": None, "refused": refused | columns.get("refused", False)}
    for name in ("thread", "logger", "application", "context"):
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


def _told(text: str) -> dict[str, Any]:
    return told_by(text, _SAYINGS)


def _time(match: Match) -> dict[str, Any]:
    if "clock" in match:
        return stamped(match, *_SHORT, field="time", until="clock")
    return stamped(match, _CATALINA, until="hour") if "hour" in match else {}


_RUN: Final = "log4j 2.19 (Debian), a program that logs, pattern "
_LOGBACK: Final = "logback 1.2.11 (Debian), a program that logs, pattern "
_LOGHUB: Final = "public log of the LogHub collection, "
_TOMCAT: Final = "Tomcat 10.1.60 (Debian) on loopback"

SAMPLES: Final = (
    Sample(
        b"2019-04-10 20:42:45.032  INFO 84126 --- [           main] com.example.demo.DemoApplication         : Started DemoApplication in 1.548 seconds (JVM running for 2.154)",
        {"time": "2019-04-10T20:42:45.032", "kind": "change", "action": "start", "target": "DemoApplication", "severity": 9,
         "pid": "84126", "thread": "main", "logger": "com.example.demo.DemoApplication"},
        "public log of a Spring Boot 2.1.4 application, pastebin.com/FZ7kiPbW, its padding restored",
    ),
    Sample(
        b"2021-02-08 20:01:35.373 ERROR 20220 --- [nio-8080-exec-5] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : Servlet.service() for servlet [dispatcherServlet] in context with path [] threw exception [Handler dispatch failed; nested exception is java.lang.OutOfMemoryError: Java heap space] with root cause\n\njava.lang.OutOfMemoryError: Java heap space",
        {"time": "2021-02-08T20:01:35.373", "severity": 17, "kind": "change", "action": "oom", "outcome": "failed", "thread": "nio-8080-exec-5",
         "logger": "o.a.c.c.C.[.[.[/].[dispatcherServlet]"},
        "log of a Spring Boot application quoted in a public repository",
    ),
    Sample(
        b"2025-02-20T14:16:02.993Z  INFO 126323 --- [           main] o.s.b.d.f.logexample.MyApplication       : Starting MyApplication using Java 17.0.14 with PID 126323 (/opt/apps/myapp.jar started by myuser in /opt/apps/)",
        {"time": "2025-02-20T14:16:02.993+00:00", "kind": "change", "action": "start", "outcome": "started", "severity": 9},
        "documentation of Spring Boot 3.4, Developing your first application",
    ),
    Sample(
        b"2026-05-28T22:03:50.410+08:00  WARN 30320 --- [question-service] [nio-8080-exec-1] org.hibernate.orm.jdbc.error             : You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near '() LIMIT 5' at line 1",
        {"time": "2026-05-28T22:03:50.410+08:00", "severity": 13, "application": "question-service", "thread": "nio-8080-exec-1",
         "logger": "org.hibernate.orm.jdbc.error"},
        "log of a Spring Boot application quoted in a public repository",
    ),
    Sample(
        b"2018-02-23 23:10:18.398 DEBUG [config-service,b927ff4389efc6c0,b927ff4389efc6c0,false] 8212 --- [nio-8888-exec-1] o.s.c.s.i.web.TraceHandlerInterceptor    : Handling span NoopSpan{context=b927ff4389efc6c0/b927ff4389efc6c0}",
        {"severity": 5, "trace": "config-service,b927ff4389efc6c0,b927ff4389efc6c0,false", "pid": "8212", "logger": "o.s.c.s.i.web.TraceHandlerInterceptor"},
        "public log with Spring Cloud Sleuth, gist trmsmy/322beeb245183466b1c2b4181c7e77a4, its padding restored",
    ),
    Sample(
        b"2026-11-22 14:10:57,883 [main] DEBUG shop.orders.OrderService - cart 7",
        {"time": "2026-11-22T14:10:57.883", "severity": 5, "thread": "main", "logger": "shop.orders.OrderService", "message": "cart 7"},
        _LOGBACK + "'%date [%thread] %-5level %logger{36} - %message%n'",
    ),
    Sample(
        b"INFO  2026-11-22 14:10:57,906 [main] shop.orders.OrderService - ready",
        {"time": "2026-11-22T14:10:57.906", "severity": 9, "thread": "main", "logger": "shop.orders.OrderService", "message": "ready"},
        _LOGBACK + "'%-5level %d [%thread] %logger{36} - %msg%n'",
    ),
    Sample(
        b"2026-11-22 14:10:58,361 ERROR [main] shop.orders.OrderService - payment failed\njava.lang.IllegalStateException: payment failed\n"
        b"\tat shop.Main.err(Main.java:5) ~[cls/:?]\nCaused by: java.net.ConnectException: Connection refused\n\tat sun.nio.ch.Net.connect0(Native Method) ~[?:?]\n\t... 12 more",
        {"severity": 17, "thread": "main", "logger": "shop.orders.OrderService",
         "message": "payment failed\njava.lang.IllegalStateException: payment failed\n\tat shop.Main.err(Main.java:5) ~[cls/:?]\n"
                    "Caused by: java.net.ConnectException: Connection refused\n\tat sun.nio.ch.Net.connect0(Native Method) ~[?:?]\n\t... 12 more"},
        _RUN + "'%d %p [%t] %c - %m%n'; the trace shortened",
    ),
    Sample(
        b"2026-11-22 14:10:58,385 INFO  shop.orders.OrderService - ready",
        {"severity": 9, "logger": "shop.orders.OrderService", "message": "ready"},
        _RUN + "'%d %-5p %c - %m%n'",
    ),
    Sample(
        b"2026-11-22 14:10:58,392 INFO s.o.OrderService [main] ready",
        {"severity": 9, "logger": "s.o.OrderService", "thread": "main", "message": "ready"},
        _RUN + "'%d %p %c{1.} [%t] %m%n', that of its manual",
    ),
    Sample(
        b"2026-11-22T14:10:58,506 ERROR [main] [shop.orders.OrderService] l4 payment failed",
        {"severity": 17, "thread": "main", "logger": "shop.orders.OrderService", "message": "l4 payment failed"},
        _RUN + "'%d{ISO8601} %p [%t] [%c{4}] %M %m%n', that of Confluence",
    ),
    Sample(
        b"2026-11-22T14:10:58,443 WARN  [main] orders.OrderService (Main.java:l4(56)) - slow",
        {"severity": 13, "thread": "main", "logger": "orders.OrderService", "place": "Main.java:l4(56)", "message": "slow"},
        _RUN + "'%d{ISO8601} %-5p [%t] %c{2} (%F:%M(%L)) - %m%n', that of Hadoop's servers",
    ),
    Sample(
        b"2015-10-18 18:10:50,545 ERROR [RMCommunicator Allocator] org.apache.hadoop.mapreduce.v2.app.rm.RMContainerAllocator: ERROR IN CONTACTING RM. ",
        {"time": "2015-10-18T18:10:50.545", "severity": 17, "logger": "org.apache.hadoop.mapreduce.v2.app.rm.RMContainerAllocator",
         "thread": "RMCommunicator Allocator", "message": "ERROR IN CONTACTING RM. "},
        _LOGHUB + "Hadoop",
    ),
    Sample(
        b"2026-11-22T14:10:58,433 ERROR shop.orders.OrderService: payment failed",
        {"severity": 17, "logger": "shop.orders.OrderService", "thread": None},
        _RUN + "'%d{ISO8601} %p %c: %m%n', that of Hadoop's programs",
    ),
    Sample(
        b"081111 101954 26414 INFO dfs.DataNode$PacketResponder: PacketResponder 0 for block blk_5225719677049010638 terminating",
        {"time": "2008-11-11T10:19:54", "severity": 9, "thread": "26414", "logger": "dfs.DataNode$PacketResponder"},
        _LOGHUB + "HDFS",
    ),
    Sample(
        b"17/06/09 20:11:11 INFO storage.BlockManager: Found block rdd_42_27 locally",
        {"time": "2017-06-09T20:11:11", "severity": 9, "logger": "storage.BlockManager", "message": "Found block rdd_42_27 locally"},
        _LOGHUB + "Spark",
    ),
    Sample(
        b"INFO  [2020-06-19 03:52:54,259] org.eclipse.jetty.server.Server: Started @2847ms",
        {"time": "2020-06-19T03:52:54.259", "severity": 9, "logger": "org.eclipse.jetty.server.Server", "message": "Started @2847ms", "kind": "log"},
        "log of a Dropwizard application quoted in a public repository",
    ),
    Sample(
        b"2024-04-23 07:49:02,715 | INFO  | Connector ws started | org.apache.activemq.broker.TransportConnector | main",
        {"time": "2024-04-23T07:49:02.715", "severity": 9, "logger": "org.apache.activemq.broker.TransportConnector", "thread": "main",
         "message": "Connector ws started"},
        "log of ActiveMQ 5.18.4 quoted in a public repository",
    ),
    Sample(
        b"2026-11-22T14:10:58,549 | WARN  | main             | OrderService                     | slow",
        {"time": "2026-11-22T14:10:58.549", "severity": 13},
        _RUN + "'%d{ISO8601} | %-5p | %-16t | %-32c{1} | %m%n', that of Karaf",
    ),
    Sample(
        b"2020-06-11 11:59:08.386 INFO  (main) [   ] o.a.s.c.c.ZkStateReader Updated live nodes from ZooKeeper... (0) -> (2)",
        {"severity": 9, "thread": "main", "logger": "o.a.s.c.c.ZkStateReader", "message": "Updated live nodes from ZooKeeper... (0) -> (2)"},
        "source of Solr, SolrLogPostToolTest.java",
    ),
    Sample(
        b"[2022-04-07 18:19:33,005] ERROR [KafkaServer id=0] Fatal error during KafkaServer startup. Prepare to shutdown (kafka.server.KafkaServer)\njava.io.IOException: No space left on device\n  at kafka.server.KafkaServer.startup(KafkaServer.scala:461)",
        {"time": "2022-04-07T18:19:33.005", "severity": 17, "kind": "change", "action": "start", "outcome": "failed", "target": "KafkaServer",
         "logger": "kafka.server.KafkaServer"},
        "github.com/apache/kafka/pull/12028",
    ),
    Sample(
        b"[2021-05-06 18:52:56,422] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)",
        {"kind": "change", "action": "start", "outcome": "changed", "target": "KafkaServer", "message": "[KafkaServer id=0] started"},
        "log of Kafka 2.8 quoted in a public repository",
    ),
    Sample(
        b"2015-07-31 15:36:23,884 - INFO  [QuorumPeer[myid=3]/0:0:0:0:0:0:0:0:2181:Learner@325] - Getting a snapshot from leader",
        {"time": "2015-07-31T15:36:23.884", "severity": 9, "message": "Getting a snapshot from leader"},
        _LOGHUB + "ZooKeeper",
    ),
    Sample(
        b"2026-11-22 14:13:53,464 [myid:] - WARN  [NIOWorkerThread-1:o.a.zookeeper.server.NIOServerCnxn@374] - Unexpected exception\n"
        b"org.apache.zookeeper.server.ServerCnxn$EndOfStreamException: Unable to read additional data from client, it probably closed the socket: address = /127.0.0.1:35634, session = 0x10000bf16520000\n"
        b"\tat org.apache.zookeeper.server.NIOServerCnxn.handleFailedRead(NIOServerCnxn.java:173)",
        {"severity": 13, "thread": "myid:", "logger": "NIOWorkerThread-1:o.a.zookeeper.server.NIOServerCnxn@374"},
        "ZooKeeper 3.8.0 (Debian) on loopback, with the pattern it ships; the trace shortened",
    ),
    Sample(
        b"[2020-07-31T08:36:57,663][INFO ][o.e.n.Node               ] [BLL8mVs] started",
        {"time": "2020-07-31T08:36:57.663", "kind": "change", "action": "start", "target": "BLL8mVs", "logger": "o.e.n.Node"},
        "Elasticsearch 6, github.com/chaoss/grimoirelab/issues/367",
    ),
    Sample(
        b"[2020-07-31T08:36:57,578][INFO ][o.e.c.s.ClusterApplierService] [BLL8mVs] new_master {BLL8mVs}{BLL8mVs3RCqWyYXMo1j61w}{FIAJ4tgDRgayHClvMJ5YOg}{172.18.0.3}{172.18.0.3:9300}",
        {"severity": 9, "kind": "log", "logger": "o.e.c.s.ClusterApplierService"},
        "Elasticsearch 6, github.com/chaoss/grimoirelab/issues/367; the end cut off",
    ),
    Sample(
        b"[2026-11-22T14:10:58,482][DEBUG][s.o.OrderService         ] [node-1] cart 7",
        {"severity": 5, "logger": "s.o.OrderService"},
        _RUN + "'[%d{ISO8601}][%-5p][%-25c{1.}] [node-1] %marker%m%n', that of Elasticsearch",
    ),
    Sample(
        b"INFO  [main] 2019-07-13 17:33:13,015 Server.java:156 - Starting listening for CQL clients on /0.0.0.0:9042 (unencrypted)...",
        {"time": "2019-07-13T17:33:13.015", "severity": 9, "thread": "main", "logger": "Server.java:156"},
        "log of Cassandra 3.11.4 quoted in a public repository",
    ),
    Sample(
        b'2026-06-09 14:08:15,494 ERROR [org.jboss.as.controller.management-operation] (ServerService Thread Pool -- 102) WFLYCTL0013: Falha na opera\xc3\xa7\xc3\xa3o ("deploy") - endere\xc3\xa7o ([("deployment" => "SIOSP")])',
        {"severity": 17, "logger": "org.jboss.as.controller.management-operation", "thread": "ServerService Thread Pool -- 102"},
        "log of JBoss EAP quoted in a public repository; the end cut off",
    ),
    Sample(
        b"2026-11-22 14:10:58,385 INFO  c.e.App - user=\x00\xff\x1b[31m 2022-11-11 00:00:00,000 ERROR [x] y - Started Evil in 1 seconds",
        {"severity": 9, "kind": "log"},
        "hostile: NUL, bad UTF-8, an escape and another line inside a message",
    ),
    Sample(b"2022-11-10 10:29:58,123 INFO  c.e.App - " + b"x" * 1_000_000, {"severity": 9}, "hostile: a line of 1 MB"),
    Sample(b"2022-11-31 10:29:58,123 INFO  c.e.App - x", None, "hostile: no such day"),
    Sample(b"22/11/31 10:29:58 INFO c.e.App: x", None, "hostile: no such day"),
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
            Layout(
                "{time:iso}{~}{level:level} [{trace}] {pid:d} --- [{thread}] {logger:word}{~}: {message:rest}",
                name="Spring Cloud Sleuth",
            ),
            Layout("{time:iso} [{thread}]{~}{level:level}{~}{logger:word} - {message:rest}", name="logback"),
            Layout("{time:iso} {level:level}{~}[{logger}] ({thread}) {message:rest}", name="WildFly and Quarkus"),
            Layout(
                "{time:iso} {level:level}{~}[{thread}] {logger:word} ({place}) - {message:rest}",
                name="Hadoop's servers",
            ),
            Layout("{time:iso}{~}{level:level}{~}[{thread}] {logger:word} - {message:rest}", name="log4j with thread"),
            Layout("{time:iso}{~}{level:level}{~}[{thread}] {logger:word}: {message:rest}", name="Hadoop with thread"),
            Layout("{time:iso}{~}{level:level}{~}[{thread}] [{logger}] {message:rest}", name="Confluence"),
            Layout("{time:iso}{~}{level:level}{~}{logger:word} - {message:rest}", name="log4j"),
            Layout("{time:iso}{~}{level:level}{~}{logger:word}: {message:rest}", name="Hadoop"),
            Layout("{time:iso} {level:level}{~}({thread}) [{context}] {logger:word} {message:rest}", name="Solr"),
            Layout("{time:iso} {level:level}{~}{logger:word} [{thread}] {message:rest}", name="log4j's manual"),
            Layout(
                "{time:iso} | {level:level}{~}| {message} | {logger:word} | {thread:rest}",
                name="ActiveMQ",
            ),
            Layout("{time:iso} | {level:level}{~}| {message:rest}", name="Karaf"),
            Layout("[{time:iso}] {level:level} {message:rest}", name="Kafka"),
            Layout("{time:iso} - {level:level}{~}[{logger}] - {message:rest}", name="ZooKeeper"),
            Layout("{time:iso} [{thread}] - {level:level}{~}[{logger}] - {message:rest}", name="ZooKeeper with an id"),
            Layout("[{time:iso}][{level:level}{~}][{logger}] {message:rest}", name="Elasticsearch"),
            Layout("[{time:iso}][{level:level}][{logger}] {message:rest}", name="Elasticsearch, five letters"),
            Layout("{level:level}{~}[{thread}] {time:iso} {logger:word} - {message:rest}", name="Cassandra"),
            Layout("{level:level}{~}[{time:iso}] {logger:word}: {message:rest}", name="Dropwizard"),
            Layout("{level:level}{~}{time:iso} [{thread}] {logger:word} - {message:rest}", name="level first"),
            Layout("{time:word} {clock:word} {level:level} {logger:word}: {message:rest}", name="Spark"),
            Layout(
                "{time:word} {clock:word} {thread:d} {level:level} {logger:word}: {message:rest}", name="old Hadoop"
            ),
        ),
        continues=True,
        meaning=_meaning,
    ),
    LineParser(
        name="tomcat",
        title="Tomcat catalina.out",
        url="https://tomcat.apache.org/tomcat-10.1-doc/logging.html",
        samples=TOMCAT_SAMPLES,
        layouts=(
            Layout("{time:word} {hour:word} {level:level} [{thread}] {logger:word} {message:rest}", name="Tomcat"),
        ),
        continues=True,
        meaning=_meaning,
    ),
)
