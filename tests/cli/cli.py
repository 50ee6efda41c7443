#!/usr/bin/env python3
"""The command as a person or a script meets it, where a terminal, signals or the
option table matter: messages, exit statuses, files, the manual page.

usage: cli.py [FLOWTAP]        (default: $FLOWTAP, else build/flowtap)

UPDATE=1 in the environment rewrites the options in user/cli/flowtap.1 instead of comparing them.
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FLOWTAP = os.path.realpath(os.environ.get("FLOWTAP", TOP / "build/flowtap"))
MAN = TOP / "user/cli/flowtap.1"
TIMEOUT = 60  # s: a sanitizer on a busy machine takes its time

REFUSED = [
    "-i lo", "--interface=lo", "-s 96", "--snapshot-length 96", "--socket-buffer-size 1",
    "--promiscuous-mode", "--no-promiscuous-mode", "--performance-report 1",
    "--system-visibility-mode 1", "--system-visibility-poll-ms 5", "--plugin x.so",
    "--capture-mode tap", "--packet-sampling random:2", "--flow-sampling random:2",
    "--flow-filter x", "--metrics 127.0.0.1:1", "--check", "--check=lo", "--user nobody",
    "--busy-poll", "--no-busy-poll", "-f ipfix", "-o kafka://localhost:1/x",
    "-o mqtt://localhost:1/x", "-o zmq://localhost:1", "-o ipfix+tcp://localhost:1",
    "-o ipfix+udp://localhost:1", "-o flows.ipfix",
]


def ethernet(payload, ethertype=0x0800):
    return bytes(12) + struct.pack(">H", ethertype) + payload


def udp(i, size=20):
    """Packet of flow i."""
    body = struct.pack(">HHHH", 1000 + i % 50000, 53, 8 + size, 0) + bytes(size)
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, 17, 0,
                         bytes([10, 0, i >> 8 & 255, i & 255]), bytes([10, 1, 0, 1]))
    return ethernet(header + body)


HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def record(i, frame):
    return struct.pack("<IIII", 1700000000 + i // 1000, i % 1000 * 1000, len(frame), len(frame)) + frame


def capture(n_flows, packets_each=2):
    packets = [udp(i % n_flows) for i in range(n_flows * packets_each)]
    return HEADER + b"".join(record(i, p) for i, p in enumerate(packets))


class Terminal:
    """A command whose standard error is a terminal. Its standard output is not."""

    def __init__(self, args, width=80, env=None, stdout=subprocess.DEVNULL, **kwargs):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        self.process = subprocess.Popen(
            [FLOWTAP, *args], stderr=slave, stdout=slave if stdout == "terminal" else stdout,
            env={**os.environ, "TERM": "xterm", **(env or {})}, **kwargs)
        os.close(slave)
        self.text = ""

    def read_until(self, pattern):
        """Reads until pattern is there, or the end when it is None."""
        deadline = time.monotonic() + TIMEOUT
        while pattern is None or not re.search(pattern, self.text):
            if not select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError("%r does not come after %r" % (pattern, self.text))
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""  # Linux says EIO when the other side has gone
            if not data:
                if pattern is None:
                    break
                raise AssertionError("%r does not come in %r" % (pattern, self.text))
            self.text += data.decode()
        return self.text

    def finish(self):
        self.read_until(None)
        os.close(self.master)
        return self.process.wait(TIMEOUT)

    def lines(self):
        """What stays on the screen: a line that was drawn over has gone."""
        return [re.split(r"\r(?:\x1b\[K)?|\x1b\[K", l.rstrip("\r"))[-1] for l in self.text.split("\n")]


class Command(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        Path("in.pcap").write_bytes(capture(5))

    def run_it(self, *args, status=0, data=b"", **kwargs):
        done = subprocess.run([FLOWTAP, *args], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=TIMEOUT, check=False, **kwargs)
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, status, "%s\n%s" % (args, self.err))
        for line in self.err.splitlines():
            self.assertTrue(line.startswith("flowtap: "), line)
        return self.out

    def refused(self, text, *args, status=2):
        """One line that says text, and nothing written."""
        before = sorted(os.listdir())
        self.run_it(*args, status=status)
        self.assertEqual(self.out, "")
        self.assertEqual(len(self.err.splitlines()), 1, self.err)
        self.assertIn(text, self.err)
        self.assertEqual(sorted(os.listdir()), before)

    # ---- arguments ----

    def test_every_option_to_come_is_refused_by_name(self):
        for option in REFUSED:
            with self.subTest(option):
                args = option.split()
                if args[0] == "-o":
                    self.refused(args[1], *args, "in.pcap")
                else:
                    name = {"-i": "--interface", "-s": "--snapshot-length", "-f": "--format"}.get(
                        args[0], args[0].split("=")[0].replace("--no-", "--"))
                    self.refused(name + ": ", *args, "in.pcap")

    def test_no_source_gives_the_usage(self):
        self.refused("Usage: flowtap [OPTIONS] SOURCE...")
        self.refused("Usage: flowtap [OPTIONS] SOURCE...", "-q", "-o", "x.csv")

    def test_options_are_spelt_in_every_usual_way(self):
        want = self.run_it("-q", "--columns", "src_ip,dst_port", "--n-dissections", "0", "in.pcap")
        self.assertEqual(want.splitlines()[0], "src_ip,dst_port")
        for args in (["--columns=src_ip,dst_port", "--n-dissections=0", "-q", "in.pcap"],
                     ["in.pcap", "-q", "--columns", "src_ip", "--columns", "dst_port", "--n_dissections", "0"],
                     ["-qrin.pcap", "--columns=src_ip,dst_port", "--n-dissections=0"],
                     ["-qf", "csv", "-o-", "--columns=src_ip,dst_port", "--n-dissections=0", "--", "in.pcap"]):
            self.assertEqual(self.run_it(*args), want, args)

    def test_switches_have_an_opposite(self):
        self.assertIn(",tunnel_id", self.run_it("-q", "in.pcap"))
        self.assertNotIn(",tunnel_id", self.run_it("-q", "--no-decode-tunnels", "in.pcap"))
        self.assertIn("_stddev_ps", self.run_it("-q", "--statistical-analysis", "in.pcap"))
        self.refused("takes no value", "--statistical-analysis=on", "in.pcap")
        self.refused("takes no value", "--no-statistical-analysis=1", "in.pcap")
        self.refused("there is no option --no-quiet", "--no-quiet", "in.pcap")
        self.refused("there is no option --no-output", "--no-output", "in.pcap")

    def test_a_slip_gets_the_nearest_name(self):
        for slip, name in (("--idel-timeout", "idle-timeout"), ("--n-disection", "n-dissections"),
                           ("--stat", "stats"), ("--versoin", "version"), ("--colums=id", "columns")):
            self.refused("did you mean --%s?" % name, slip, "3", "in.pcap")
        self.refused("see flowtap --help", "--zzzzzzzzzzzz", "in.pcap")
        self.refused("there is no option -Z", "-Z", "in.pcap")
        self.refused("there is no option --" + "x" * 40, "--" + "x" * 5000, "in.pcap")

    def test_numbers_are_decimal_and_in_range(self):
        for value in ("-1", "+1", "1.5", "0x1", "", "4", "1 "):
            self.refused("is not a number from 0 to 3", "--accounting-mode=" + value, "in.pcap")
        self.refused("from 0 to 18446744073709551615", "--max-nflows", "18446744073709551616", "in.pcap")
        self.refused("--idle-timeout needs a value: S", "in.pcap", "--idle-timeout")

    def test_contradictions_are_refused(self):
        self.refused("--rotate-files: needs flows_per_file", "--rotate-files=2", "-o", "x.csv", "in.pcap")
        self.refused("--flows-per-file: standard output", "--flows-per-file=2", "in.pcap")
        self.refused("standard output is given twice", "-o", "-", "-o", "-", "in.pcap")
        self.refused("given twice", "-o", "x.csv", "-o", "./x.csv", "in.pcap")
        self.refused("is a source", "-o", "./in.pcap", "in.pcap")
        self.refused("standard input can be read only once", "-", "-")
        self.refused("'csvx' is none of csv, ndjson", "-f", "csvx", "in.pcap")
        self.refused("no column 'nonsense'", "--columns", "nonsense", "in.pcap")
        self.refused("needs the option splt_analysis", "--columns", "splt_ps", "in.pcap")
        self.refused("--anonymize: column 'dst_ip' is not written", "--columns=id", "--anonymize=dst_ip", "in.pcap")

    def test_standard_output_may_be_a_source_by_redirection(self):
        before = Path("in.pcap").read_bytes()
        with open("in.pcap", "ab") as f:
            done = subprocess.run([FLOWTAP, "in.pcap"], stdout=f, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(Path("in.pcap").read_bytes(), before)

    # ---- sources ----

    def test_what_is_no_file_may_be_an_interface(self):
        self.refused("lo: live capture from an interface is not available", "lo")
        self.refused("live capture from an interface is not available", "nothing.pcap", status=1)
        self.refused("nothing.pcap: No such file", "in.pcap", "nothing.pcap", status=1)
        # -r never means an interface
        self.refused("lo: No such file", "-r", "lo", status=1)
        self.assertNotIn("interface", self.err)
        os.rename("in.pcap", "lo")
        self.assertEqual(len(self.run_it("-q", "lo").splitlines()), 6)

    def test_a_missing_folder_of_the_output_is_not_a_missing_source(self):
        self.refused("no/x.csv", "-o", "no/x.csv", "in.pcap", status=1)

    def test_names_that_look_like_options(self):
        os.rename("in.pcap", "-q")
        self.assertEqual(len(self.run_it("-q", "--", "-q").splitlines()), 6)
        self.assertEqual(len(self.run_it("-r", "-q", "-q").splitlines()), 6)

    def test_a_message_is_one_line_whatever_a_name_holds(self):
        self.refused("no?such\\file?[31m", "no\nsuch\\file\x1b[31m", status=1)

    # ---- messages ----

    def test_the_summary_accounts_for_what_is_missing(self):
        frames = [udp(1), ethernet(bytes(46), 0x0806), udp(1), udp(2)]
        Path("arp.pcap").write_bytes(HEADER + b"".join(record(i, f) for i, f in enumerate(frames)))
        self.run_it("-o", "x.csv", "arp.pcap")
        self.assertRegex(self.err, r"^flowtap: 4 packets, 2 flows, \d+ B in \d+\.\d\d s \(.* packets/s\); "
                                   r"1 packet undecodable \(not_ip 1\)\n$")
        self.run_it("-o", "x.csv", "-F", "port 1001", "arp.pcap")
        self.assertIn("1 flow,", self.err)
        self.assertIn("; 2 packets filtered out\n", self.err)
        self.run_it("-o", "x.csv", "--max-nflows", "1", "--n-meters", "1", "in.pcap")
        self.assertIn("; 4 flows discarded\n", self.err)
        self.run_it("-o", "x.csv", "--max-active-flows", "2", "--n-meters", "1", "in.pcap")
        self.assertRegex(self.err, r"; \d+ flows ended early \(table full\)\n")

    def test_quiet_is_quiet_but_for_errors(self):
        self.run_it("-q", "in.pcap")
        self.assertEqual(self.err, "")
        Path("cut.pcap").write_bytes(capture(3)[:-5])
        self.run_it("-q", "cut.pcap", status=1)
        self.assertEqual(len(self.err.splitlines()), 1, self.err)
        self.assertIn("cut.pcap", self.err)
        self.run_it("cut.pcap", status=1)
        self.assertEqual(len(self.err.splitlines()), 2, self.err)  # and the summary

    # ---- --stats ----

    def test_stats_hold_every_counter_and_add_up(self):
        self.run_it("-q", "-o", "x.csv", "--stats", "stats.json", "in.pcap", "in.pcap")
        text = Path("stats.json").read_text()
        stats = json.loads(text)
        self.assertEqual(stats["source"], "in.pcap,in.pcap")
        self.assertEqual(stats["packets_seen"], 20)
        self.assertEqual(stats["packets_seen"], sum(stats["packets_" + k] for k in (
            "filtered", "sampled_out", "dropped", "undecodable", "metered")))
        self.assertEqual(stats["flows_created"], sum(
            v for k, v in stats.items() if k.startswith("flows_expired_")))
        self.assertEqual([k for k in stats], re.findall(r'^  "(\w+)": ', text, re.M))
        self.run_it("-q", "-o", "x.csv", "--stats=-", "in.pcap")
        self.assertEqual(json.loads(self.out)["flows_exported"], 5)

    def test_stats_replace_what_the_file_held(self):
        Path("stats.json").write_text("x" * 100000)
        self.run_it("-q", "-o", "x.csv", "--stats", "stats.json", "in.pcap")
        json.loads(Path("stats.json").read_text())

    def test_stats_are_written_after_a_failure(self):
        Path("cut.pcap").write_bytes(capture(3)[:-5])
        self.run_it("-q", "-o", "x.csv", "--stats", "s.json", "cut.pcap", status=1)
        self.assertEqual(json.loads(Path("s.json").read_text())["packets_seen"], 5)
        if os.path.exists("/dev/full"):
            self.run_it("-q", "-o", "/dev/full", "--stats", "t.json", "in.pcap", status=1)
            self.assertEqual(json.loads(Path("t.json").read_text())["sink_errors"], 1)

    def test_stats_do_not_suffer_from_a_run_that_did_not_begin(self):
        Path("stats.json").write_text("of yesterday")
        self.refused("filter", "-F", "tcp prot 1", "--stats", "stats.json", "in.pcap")
        self.assertEqual(Path("stats.json").read_text(), "of yesterday")
        self.refused("filter", "-F", "tcp prot 1", "--stats", "new.json", "in.pcap")

    def test_stats_need_a_place_of_their_own(self):
        self.refused("records go to standard output already", "--stats=-", "in.pcap")
        self.refused("records go to x.json already", "--stats=x.json", "-o", "x.json", "in.pcap")
        self.refused("in.pcap is a source", "--stats=./in.pcap", "-o", "x.csv", "in.pcap")
        self.refused("No such file or directory", "--stats=no/s.json", "-o", "x.csv", "in.pcap", status=1)
        self.refused("empty name", "--stats=", "in.pcap")

    def test_stats_are_json_whatever_a_name_holds(self):
        name = b'a"b\\\x01\xff\xc3\xa9.pcap'
        Path(os.fsdecode(name)).write_bytes(capture(1))
        self.run_it("-q", "-o", "x.csv", "--stats", "s.json", os.fsdecode(name))
        source = json.loads(Path("s.json").read_text(encoding="utf-8"))["source"]
        self.assertEqual(source, 'a"b\\\x01\ufffd\u00e9.pcap')

    # ---- what is printed on request ----

    def test_lists_of_features_agree(self):
        features = json.loads(self.run_it("--list-features=json"))
        self.assertEqual(set(features[0]), {"name", "type", "unit", "group", "doc"})
        text = self.run_it("--list-features").splitlines()
        markdown = self.run_it("--list-features=md").splitlines()
        self.assertEqual([l.split()[0] for l in text[1:]], [f["name"] for f in features])
        self.assertEqual([l.split("`")[1] for l in markdown[2:]], [f["name"] for f in features])
        self.assertEqual({len(re.findall(r"(?<!\\)\|", l)) for l in markdown}, {6})
        # columns are aligned: each doc begins in one place
        column = text[0].index("doc")
        for line, f in zip(text[1:], features):
            self.assertEqual(line[column:], f["doc"])
        # and it is what a run with everything writes
        out = self.run_it("-q", "--statistical-analysis", "--splt-analysis=3", "in.pcap")
        self.assertEqual(set(out.splitlines()[0].split(",")), {f["name"] for f in features})
        self.refused("'xml' is none of text, md, json", "--list-features=xml")

    def test_help_fits_a_terminal_and_names_each_option(self):
        text = self.run_it("--help")
        self.assertEqual(self.run_it("-h"), text)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        self.assertNotIn("\t", text)
        for name in ("output", "format", "columns", "bpf-filter", "idle-timeout", "stats", "list-features",
                     "quiet", "version", "help", "plugin", "interface", "check"):
            self.assertEqual(len(re.findall(r"--%s(?![\w-])" % name, text)), 1, name)
        # a slip behind it does no harm, and nothing is read
        self.assertEqual(self.run_it("-h", "--nonsense"), text)

    def test_version(self):
        self.assertRegex(self.run_it("-V"), r"^flowtap \d+\.\d+\.\d+ \(libpcap .*nDPI \d.*\)\n$")
        self.assertEqual(self.run_it("--version"), self.out)

    def test_what_cannot_be_printed_is_a_failure(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        for option in ("-h", "-V", "--list-features"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([FLOWTAP, option], stdout=full, stderr=subprocess.PIPE, timeout=TIMEOUT,
                                      check=False)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr, b"flowtap: standard output: No space left on device\n")

    def test_the_manual_page_has_the_options_of_this_version(self):
        begin, end = r'.\" options: printed by flowtap --help=man' + "\n", r'.\" end of options' + "\n"
        options = self.run_it("--help=man")
        page = MAN.read_text()
        head, rest = page.split(begin)
        tail = rest.split(end)[1]
        right = head + begin + options + end + tail
        if os.environ.get("UPDATE"):
            MAN.write_text(right)
        else:
            self.assertEqual(page, right, "stale: run UPDATE=1 tests/cli/cli.py")
        self.refused("'html' is none of text, man", "--help=html")

    # ---- signals ----

    def interrupt(self, sig, *args):
        """A run that waits for more from a pipe gets a signal."""
        process = subprocess.Popen([FLOWTAP, *args, "-o", "x.csv", "--stats", "s.json", "-"], stdin=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.stderr.close)
        process.stdin.write(capture(7))
        process.stdin.flush()
        deadline = time.monotonic() + TIMEOUT
        # It waits in read() when all was taken from the pipe.
        while struct.unpack("i", fcntl.ioctl(process.stdin, termios.FIONREAD, bytes(4)))[0]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        time.sleep(0.3)
        process.send_signal(sig)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        self.err = process.stderr.read().decode()
        return process.returncode

    def test_a_signal_ends_the_reading_and_flows_are_written(self):
        for sig in (signal.SIGINT, signal.SIGTERM):
            for meters in ("1", "3"):
                with self.subTest(signal=sig, meters=meters):
                    self.assertEqual(self.interrupt(sig, "--n-meters", meters), 0)
                    self.assertEqual(len(Path("x.csv").read_text().splitlines()), 8)
                    self.assertEqual(json.loads(Path("s.json").read_text())["packets_metered"], 14)
                    self.assertIn("14 packets, 7 flows", self.err)

    def test_a_signal_before_anything_has_come_ends_it_too(self):
        process = subprocess.Popen([FLOWTAP, "-o", "x.csv", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(TIMEOUT), 0)
        self.assertEqual(process.stderr.read(), b"")
        process.stdin.close()
        process.stderr.close()
        self.assertFalse(os.path.exists("x.csv"))

    def test_a_second_signal_ends_it_at_once(self):
        # Its output is a pipe that nobody reads, so the first signal cannot end it.
        Path("big.pcap").write_bytes(capture(20000, 1))
        read, write = os.pipe()
        process = subprocess.Popen([FLOWTAP, "-q", "big.pcap"], stdout=write)
        os.close(write)
        deadline = time.monotonic() + TIMEOUT
        while struct.unpack("i", fcntl.ioctl(read, termios.FIONREAD, bytes(4)))[0] < 65536 // 2:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(TIMEOUT), -signal.SIGINT)
        os.close(read)

    def test_a_reader_that_leaves_is_no_failure(self):
        Path("big.pcap").write_bytes(capture(20000, 1))
        process = subprocess.Popen([FLOWTAP, "big.pcap"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(TIMEOUT), 0, process.stderr.read())
        process.stderr.close()

    # ---- the bar ----

    def slow(self, *args, **kwargs):
        """A run that has read a part of a pipe and waits."""
        t = Terminal([*args, "-"], stdin=subprocess.PIPE, **kwargs)
        t.process.stdin.write(capture(7))
        t.process.stdin.flush()
        return t

    def test_progress_is_drawn_on_a_terminal_and_leaves_nothing(self):
        t = self.slow("-o", "x.csv")
        t.read_until(r"\r[\d.]+ (k|M)?B, [\d.]+ ?k? packets/s, 7 flows, 0:0\d\x1b\[K")
        t.read_until(r"flows, 0:01")
        t.process.stdin.close()
        self.assertEqual(t.finish(), 0)
        lines = t.lines()
        self.assertRegex(lines[0], r"^flowtap: 14 packets, 7 flows")
        self.assertEqual(lines[1:], [""])

    def test_progress_shows_how_much_of_a_file_is_read(self):
        # A pipe that takes nothing stops the run in the middle of the file.
        Path("big.pcap").write_bytes(capture(40000, 1))
        for width in (120, 80, 60, 30):
            with self.subTest(width=width):
                t = Terminal(["--idle-timeout=0", "--n-meters=1", "big.pcap"], width=width,
                             stdout=subprocess.PIPE)
                t.read_until(r"%")
                t.process.stdout.read()
                t.process.stdout.close()
                self.assertEqual(t.finish(), 0)
                bars = [b for b in re.findall(r"\r([^\r\n\x1b]*)\x1b\[K", t.text) if b]
                self.assertTrue(bars)
                for b in bars:
                    self.assertLess(len(b), width)
                    self.assertRegex(b, r"^(\[=*>? *\] )? {0,2}\d+%")
                self.assertEqual(bars[0].startswith("["), width >= 80, bars[0])
                self.assertRegex(t.lines()[0], r"^flowtap: 40000 packets, 40000 flows")

    def test_a_message_goes_above_the_bar(self):
        t = self.slow("-o", "x.csv")
        t.read_until(r"7 flows, 0:0")
        t.process.stdin.write(record(1, udp(1))[:-3])
        t.process.stdin.close()
        self.assertEqual(t.finish(), 1)
        lines = t.lines()
        self.assertEqual(len(lines), 3, lines)
        self.assertTrue(all(l.startswith("flowtap: ") for l in lines[:2]), lines)

    def test_no_bar_where_it_would_be_in_the_way(self):
        for what, args, kwargs in (("quiet", ["-q", "-o", "x.csv"], {}),
                                   ("dumb terminal", ["-o", "x.csv"], {"env": {"TERM": "dumb"}}),
                                   ("records on the screen", [], {"stdout": "terminal"})):
            with self.subTest(what):
                t = self.slow(*args, **kwargs)
                time.sleep(0.7)
                t.process.stdin.close()
                self.assertEqual(t.finish(), 0)
                self.assertNotIn("\x1b", t.text)


def main():
    global FLOWTAP
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        FLOWTAP = os.path.realpath(sys.argv.pop(1))
    done = unittest.main(exit=False, verbosity=1).result
    failed = len({test.id().split(" ")[0] for test, _ in done.failures + done.errors})
    skipped = len(done.skipped)
    print("%d passed, %d failed%s" % (done.testsRun - failed - skipped, failed,
                                      ", %d skipped" % skipped if skipped else ""))
    return 1 if failed or not done.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
