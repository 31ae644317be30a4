# SPDX-License-Identifier: BSD-3-Clause
"""What a result was measured on: machine, NICs, kernel, versions, hugepages, configuration."""
import glob
import hashlib
import os
import platform
import re
import subprocess

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir))
CONFIG_BYTES = 16 * 1024 * 1024
# a secret's value stands in a file of its own; what an old or foreign configuration holds is removed
SECRET = re.compile(r"""((?:secret|password|psk)["']?\s*:\s*)(?!none\b)("[^"]*"|'[^']*'|[^\s,}\]#][^,}\]#\n]*)""")
# of the kernel's command line, what makes a data path faster or slower
TUNING = re.compile(r"(isolcpus|nohz|nohz_full|rcu_nocbs|irqaffinity|(default_)?hugepagesz?|(intel_|amd_)?iommu|"
                    r"mitigations|idle|nosmt|tsc|skew_tick|nmi_watchdog|(intel|amd)_pstate|"
                    r"processor\.max_cstate|intel_idle\.max_cstate)(=|$)")
BLOCK = re.compile(r"""^(\s*(?:-\s+)?)["']?[\w-]*(?:secret|password|psk)["']?\s*:\s*(?:[|>!&*].*)?$""")


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20).strip()
    except OSError:
        return ""


def _said(*command):
    """The first line that a program says, or None."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
        lines = done.stdout.decode(errors="replace").splitlines()
        return lines[0].strip() if done.returncode == 0 and lines else None
    except (OSError, subprocess.TimeoutExpired):
        return None


def _cpu():
    return next((line.split(":", 1)[1].strip() for line in _read("/proc/cpuinfo").splitlines()
                 if line.startswith("model name")), platform.machine())


def _nics():
    """Network ports of the PCI bus."""
    found = []
    for device in sorted(glob.glob("/sys/bus/pci/devices/*")):
        if _read(device + "/class").startswith("0x02"):
            driver = os.path.join(device, "driver")
            found.append({
                "pci": os.path.basename(device), "id": f"{_read(device + '/vendor')[2:]}:{_read(device + '/device')[2:]}",
                "driver": os.path.basename(os.path.realpath(driver)) if os.path.exists(driver) else None,
                "numa_node": _read(device + "/numa_node"), "link": _read(device + "/current_link_speed") or None,
                "name": _said("lspci", "-s", os.path.basename(device))})
    return found


def _hugepages():
    return {line.split(":")[0]: line.split(":")[1].strip() for line in _read("/proc/meminfo").splitlines()
            if line.startswith(("HugePages_Total", "HugePages_Free", "Hugepagesize"))}


def describe():
    """This machine, as far as it says it."""
    daemon = os.path.join(TOP, "build/app/culvertd/culvertd")
    return {
        "cpu": _cpu(), "cpus": os.cpu_count(), "cpus_allowed": len(os.sched_getaffinity(0)),
        "memory": next((line.split(":")[1].strip() for line in _read("/proc/meminfo").splitlines()
                        if line.startswith("MemTotal")), None),
        "kernel": platform.release(),
        "command_line": " ".join(word for word in _read("/proc/cmdline").split() if TUNING.match(word)),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or None,
        "hugepages": _hugepages(), "nics": _nics(), "load": round(os.getloadavg()[0], 2),
        "versions": {"culvertd": _said(daemon, "--version"), "dpdk": _said("pkg-config", "--modversion", "libdpdk"),
                     "python": platform.python_version(), "tree": _said("git", "-C", TOP, "rev-parse", "HEAD")}}


def without_secrets(text):
    """A configuration's text, the values of its secrets removed."""
    lines, hidden = [], None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if hidden is not None and (not line.strip() or indent > hidden):
            continue
        block = BLOCK.match(line)
        hidden = len(block.group(1)) if block else None
        lines.append(line.split(":")[0] + ": (removed)" if block else SECRET.sub(r"\1(removed)", line))
    return "\n".join(lines) + "\n"


def configuration(path):
    """Name, hash and text without secrets. Raises OSError, ValueError."""
    with open(path, "rb") as file:
        data = file.read(CONFIG_BYTES + 1)
    if len(data) > CONFIG_BYTES:
        raise ValueError(f"more than {CONFIG_BYTES} bytes")
    return {"file": os.path.basename(path), "sha256": hashlib.sha256(data).hexdigest(),
            "text": without_secrets(data.decode(errors="replace"))}
