#!/usr/bin/env python3
"""Do flows get the application_name that ndpiReader of the same nDPI gives them?

usage: dissect.py FLOWTAP [-v] [CAPTURE...]

Without captures: all of $FLOWTAP_SHARED/pcaps (default: ../shared/pcaps beside the project).
ndpiReader is the library's own program (package libndpi-bin). 99 % of its flows have to be here
under the same name, all captures together. -v lists the others. Exit status: 0 they are, or skipped
with a reason; 1 they are not, or nothing could be compared where CI=true.
"""
# What remains, with nDPI 4.2 on the 495 shared captures (9,500 flows):
#   1  rtsp.pcap: ndpiReader stops behind packet 20 (">" where we have ">="), and number 21 tells
#   3  edge_ipv6_address_text.pcap: ndpiReader takes the sum of two words for an IPv6 address, and
#      makes one flow of some that differ elsewhere
# Flows that only one of the two has are a matter of decoding: ndpiReader ignores packets that the
# snaplen cut (badpackets.pcap), takes CAPWAP and TZSP in other ways, and reads captures of damaged
# packets to other lengths.
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WANTED = 0.99
PACKETS = 20
NAME_MAX = 31  # ndpiReader cuts names in its CSV here
ROOT = Path(__file__).resolve().parents[2]


def skip(reason):
    print("dissect: SKIPPED:", reason)
    sys.exit(1 if os.environ.get("CI") == "true" else 0)


def run(command):
    r = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, timeout=600, check=False)
    return r.returncode, r.stderr.decode(errors="replace")


def key(src_ip, src_port, dst_ip, dst_port, protocol):
    """Two endpoints, whichever came first. (VLANs are in ndpiReader's key, but not in its output.)"""
    a, b = (src_ip, int(src_port)), (dst_ip, int(dst_port))
    return min(a, b), max(a, b), int(protocol)


def garbled(address):
    """ndpiReader rewrites groups of zero in IPv6 addresses, which cannot be undone."""
    return address.replace(":0:", "::")


def reference(capture, folder):
    """Of each key, the names that ndpiReader finds. -v 2 makes it write unknown flows as well, -t is
    its word for tunnels."""
    out = Path(folder, "ndpi.csv")
    status, text = run(["ndpiReader", "-v", "2", "-t", "-T", PACKETS, "-U", PACKETS, "-C", out, "-i", capture])
    found = defaultdict(Counter)
    if not out.exists():
        raise RuntimeError("ndpiReader: %d: %s" % (status, text))
    # Behind the name, the CSV has server names as they are, with commas, quotes and line ends.
    for line in out.read_bytes().split(b"\n"):
        f = line.decode("latin-1").split(",", 11)
        if len(f) == 12 and f[0].isdigit() and f[1].isdigit() and f[6].isdigit() and f[8].isdigit():
            found[key(f[5], f[6], f[7], f[8], f[1])][f[10]] += 1
    return found


def ours(flowtap, capture, folder):
    """The same of flowtap. ndpiReader cuts no flow at a timeout."""
    out = Path(folder, "ours.csv")
    # Exit status 1 is right for a damaged capture: what there is, is compared.
    status, text = run([flowtap, "-q", "--n-meters", 1, "--n-dissections", PACKETS,
                        "--idle-timeout", 100000000, "--active-timeout", 100000000, "-o", out, capture])
    if status not in (0, 1):
        raise RuntimeError("flowtap: %d: %s" % (status, text))
    found = defaultdict(Counter)
    with open(out, newline="", encoding="utf-8") as f:
        for r in csv.DictReader(f):
            k = key(garbled(r["src_ip"]), r["src_port"], garbled(r["dst_ip"]), r["dst_port"], r["protocol"])
            found[k][r["application_name"][:NAME_MAX]] += 1
    return found


def compare(flowtap, capture):
    """(flows that both have, equal ones, only ours, only theirs, lines about the others)."""
    with tempfile.TemporaryDirectory() as folder:
        theirs, mine = reference(capture, folder), ours(flowtap, capture, folder)
    both = equal = only_mine = only_theirs = 0
    lines = []
    for k in sorted(theirs.keys() | mine.keys()):
        a, b = mine[k], theirs[k]
        n = min(a.total(), b.total())
        same = (a & b).total()
        both += n
        equal += same
        only_mine += a.total() - n
        only_theirs += b.total() - n
        if n > same:
            lines.append("%s %s: %s, ndpiReader: %s" % (capture.name, k, "/".join(a - b), "/".join(b - a)))
    return both, equal, only_mine, only_theirs, lines


def main(argv):
    verbose = "-v" in argv
    args = [a for a in argv if a != "-v"]
    if not args:
        sys.exit(__doc__)
    shared = Path(os.environ.get("FLOWTAP_SHARED") or ROOT.parent / "shared")
    captures = [Path(a) for a in args[1:]] or sorted(Path(shared, "pcaps").glob("*"))
    if not shutil.which("ndpiReader"):
        skip("ndpiReader is not installed (package libndpi-bin)")
    if not captures:
        skip("no captures in %s (set FLOWTAP_SHARED)" % Path(shared, "pcaps"))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda c: compare(args[0], c), captures))
    both, equal, only_mine, only_theirs = (sum(r[i] for r in results) for i in range(4))
    if verbose:
        for r in results:
            print(*r[4], sep="\n", end="\n" if r[4] else "")
    print("dissect: %d captures, %d flows: %d (%.2f %%) named as ndpiReader does; %d only here, %d only there"
          % (len(captures), both, equal, 100 * equal / max(both, 1), only_mine, only_theirs))
    sys.exit(0 if both and equal >= WANTED * (both + only_theirs) else 1)


main(sys.argv[1:])
