# SPDX-License-Identifier: BSD-3-Clause
"""What stands in for TRex's API (trex.stl.api) where there is none: as much of it as our streams use, and
played() in place of its server. It refuses what the server would."""
import base64
import json
import struct


class Refused(Exception):
    """TRex would not take this."""


class STLVmFlowVar:
    def __init__(self, name, size, op, value_list):
        if op != "inc" or size not in (1, 2, 4, 8) or not 1 <= len(value_list) <= 0xFFFF:
            raise Refused(f"variable {name}: {op}, {size} bytes, {len(value_list)} values")
        if min(value_list) < 0 or max(value_list) >> 8 * size:
            raise Refused(f"variable {name}: a value has more than {size} bytes")
        self.name, self.size, self.values = name, size, value_list

    def to_json(self):
        return {"type": "flow_var", "name": self.name, "size": self.size, "op": "inc",
                "next_var": None, "split_to_cores": True, "value_list": self.values, "step": 1}


class STLVmWrFlowVar:
    def __init__(self, fv_name, pkt_offset):
        if not 0 <= pkt_offset < 512:
            raise Refused(f"offset {pkt_offset}")
        self.name, self.offset = fv_name, pkt_offset

    def to_json(self):
        return {"type": "write_flow_var", "name": self.name, "pkt_offset": self.offset,
                "add_value": 0, "is_big_endian": True}


class STLVmFixIpv4:
    def __init__(self, offset):
        self.offset = offset

    def to_json(self):
        return {"type": "fix_checksum_ipv4", "pkt_offset": self.offset}


class STLScVmRaw:
    def __init__(self, list_of_commands):
        self.commands = list_of_commands


class STLPktBuilder:
    def __init__(self, pkt_buffer, vm):
        variables = {c.name: c for c in vm.commands if isinstance(c, STLVmFlowVar)}
        if sum(v.size for v in variables.values()) > 64:
            raise Refused("variables of a stream have 64 bytes at most")
        for command in vm.commands:
            if isinstance(command, STLVmWrFlowVar) and \
                    command.offset + variables[command.name].size > len(pkt_buffer):
                raise Refused(f"{command.name} is written behind the frame")
        self.frame, self.commands, self.variables = bytes(pkt_buffer), vm.commands, variables

    def to_json(self):
        return {"packet": {"binary": base64.b64encode(self.frame).decode(), "meta": ""},
                "vm": {"instructions": [c.to_json() for c in self.commands]}}


class STLTXCont:
    def __init__(self, pps):
        self.pps = pps


class _Stamp:
    rule = ""

    def __init__(self, number):
        self.number = number

    def to_json(self):
        return {"enabled": True, "stream_id": self.number, "vxlan": False, "ieee_1588": False,
                "rule_type": self.rule}


class STLFlowLatencyStats(_Stamp):
    rule = "latency"

    def __init__(self, pg_id):
        super().__init__(pg_id)


class STLTaggedPktGroup(_Stamp):
    rule = "tpg"

    def __init__(self, tpgid):
        super().__init__(tpgid)


class STLStream:
    def __init__(self, packet, mode, name=None, flow_stats=None):
        self.packet, self.mode, self.name, self.flow_stats = packet, mode, name, flow_stats

    def to_json(self):
        return {"flags": 0, "action_count": 0, "enabled": True, "self_start": True,
                "start_paused": False, "isg": 0.0, "core_id": -1,
                "mode": {"rate": {"type": "pps", "value": self.mode.pps}, "type": "continuous"},
                **self.packet.to_json(),
                "flow_stats": self.flow_stats.to_json() if self.flow_stats else {"enabled": False}}


def request_bytes(stream):
    """What it takes to tell a server of a stream, unzipped."""
    return len(json.dumps({"id": "0123456789", "jsonrpc": "2.0", "method": "add_stream", "params": {
        "handler": "01234567", "port_id": 255, "profile_id": "_", "stream_id": 1 << 31, "api_h": "0123456789",
        "stream": {**stream.to_json(), "next_stream_id": -1}}}))


def played(stream, count, macs=b""):
    """The stream's first frames, as its variables step; macs: the port's peer's and its own, which the
    server fills in."""
    number = 0x6000  # as the server has it: of its own for streams with latency
    for step in range(count):
        frame = bytearray(stream.packet.frame)
        frame[:len(macs)] = macs
        if stream.flow_stats is not None and stream.flow_stats.rule == "latency":
            frame[18:20] = struct.pack("!H", number)
        for command in stream.packet.commands:
            if isinstance(command, STLVmWrFlowVar):
                of = stream.packet.variables[command.name]
                frame[command.offset:command.offset + of.size] = \
                    of.values[step % len(of.values)].to_bytes(of.size, "big")
            elif isinstance(command, STLVmFixIpv4):
                frame[command.offset + 10:command.offset + 12] = _sum(frame, command.offset)
        if stream.flow_stats is not None:
            frame[-16:] = struct.pack("!QQ", 0xBEEF << 48 | step, step)
        yield bytes(frame)


def _sum(frame, offset):
    """RFC 1071, of an IPv4 header without options."""
    words = list(struct.unpack_from("!10H", frame, offset))
    total = sum(words) - words[5]
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)
