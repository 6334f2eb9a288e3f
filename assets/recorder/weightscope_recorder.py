"""Puts a PyTorch training on the scope of Weightscope. MIT licence. Needs torch and nothing else: copy this file into your project.
    recorder = Recorder(model, "recording")         # once, before the loop
    recorder.step(loss=loss)                        # after each optimizer.step(); further numbers by keyword
Each `every` steps: `sample` places of each floating-point parameter, drawn once by `seed`, half of them in `rows` rows of each matrix;
max, mean and norm of |w| of the parameter, max and mean of those rows. Each `metrics_every` steps a line of metrics, each `checkpoint`
steps a safetensors file (0: none). A training that is started again appends. What goes wrong ends the recording, never the training."""
import json, math, os, random, socket, struct, time, warnings, zlib, torch
OPEN = {}  # folder -> the recorder of this process that writes there
NAMES = dict(float32="F32", float16="F16", bfloat16="BF16", float64="F64", int64="I64", int32="I32", int16="I16", int8="I8", uint8="U8", bool="BOOL")
def kind(tensor): return NAMES.get(str(tensor.dtype)[6:])
def number(value):
    try: return float(value)
    except (TypeError, ValueError, RuntimeError): return None  # no number: left out
def born(pid):  # when a process began: tells it from a later one with its number
    try:
        with open(f"/proc/{pid}/stat") as file: return int(file.read().rsplit(")", 1)[1].split()[19])
    except (OSError, ValueError, IndexError): return 0
class Recorder:
    def __init__(self, model, folder, sample=64, every=1, checkpoint=0, metrics_every=1, rows=1, seed=0):
        self.model, self.folder, self.sample, self.rows, self.seed = model, os.path.abspath(folder), sample, rows, seed
        self.every, self.checkpoint, self.metrics_every = max(1, every), checkpoint, max(1, metrics_every)
        self.off, self.again, self.files, self.done, self.base = False, 0, (), 0, 0; self._try(self._begin)
    def step(self, step=None, **metrics):
        """Records the state after an optimizer step; `step` is its number, counted on where not given; 0 is the state before training."""
        if self.again and time.time() > self.again: self.off = False; self._try(self._begin)
        if step == 0 == self.done: self.base = 1  # a loop that counts from 0: its first step is the first after the start
        if step is not None and step + self.base <= self.done: step = warnings.warn("weightscope: steps that do not grow are counted on")
        self.done = self.done + 1 if step is None else int(step) + self.base
        if not self.off: self._try(self._record, metrics)
    def close(self):
        self.off, self.again = True, [file.close() for file in self.files] and 0
        if OPEN.get(self.folder) is self: del OPEN[self.folder]
    def _try(self, work, *values):
        try: work(*values)
        except Exception as problem:
            if not self.again: warnings.warn(f"weightscope: recording stopped, the training goes on: {problem}: {self.folder}")
            self.off, self.again = True, time.time() + 60 if isinstance(problem, BlockingIOError) else 0
    def _begin(self):
        if OPEN.get(self.folder, self) is not self: OPEN[self.folder].close(); warnings.warn(f"weightscope: a newer recorder took over: {self.folder}")
        os.makedirs(os.path.join(self.folder, "checkpoints"), exist_ok=True)
        path, host, fresh = os.path.join(self.folder, "recording.json"), socket.gethostname(), False
        if os.path.exists(path):
            with open(path) as file: said = json.load(file)
            if (said["format"], said["version"]) != ("weightscope recording", 1): raise ValueError("a recording of another version lies here; name another folder")
            files = [os.path.join(self.folder, part["file"]) for part in said["parts"]]
            last, written = said["sessions"][-1], max(map(os.path.getmtime, filter(os.path.exists, files)), default=0)
            if last["host"] == host and last["pid"] != os.getpid() and born(last["pid"]) == last["born"] != 0:
                raise BlockingIOError(f"process {last['pid']} records into this folder; name another folder, or record on rank 0 only")
            if last["host"] != host and time.time() - written < 60:
                raise BlockingIOError(f"{last['host']} wrote here within the last minute; tried again each minute")
        else: fresh, said = True, {"format": "weightscope recording", "version": 1, "id": os.urandom(4).hex(), "parts": [], "sessions": []}
        if fresh and os.path.exists(os.path.join(self.folder, "traces.f32")): raise ValueError("traces lie here without their recording.json; name another folder")
        layout = self._layout()
        if not said["parts"] or any(said["parts"][-1][key] != layout[key] for key in layout):  # other tensors than before: a file of their own
            said["parts"].append({"file": f"traces.{len(said['parts']) + 1}.f32" if said["parts"] else "traces.f32", **layout})
        self.names = [os.path.join(self.folder, name) for name in (said["parts"][-1]["file"], "metrics.jsonl")]
        if not fresh: self._mend([(os.path.join(self.folder, part["file"]), part["frame_bytes"]) for part in said["parts"]] + [(self.names[1], 0)])
        self.identity, self.session, self.again, self.opened, OPEN[self.folder] = int(said["id"], 16), len(said["sessions"]), 0, 0, self
        said["sessions"].append(dict(started=time.time(), host=host, pid=os.getpid(), born=born(os.getpid()), part=len(said["parts"]) - 1, frame=os.path.getsize(self.names[0]) // len(self.frame) if os.path.exists(self.names[0]) else 0))
        with open(path + ".tmp", "w") as file: json.dump(said, file)
        os.replace(path + ".tmp", path)
        if fresh: self._record({})  # step 0: the weights that the training begins with
    def _mend(self, files):  # cuts torn ends off and counts on from the last step that was recorded
        for name, unit in files:
            with open(name, "a+b") as file:
                end = file.seek(0, 2); whole = end - end % unit if unit else end; file.seek(max(0, whole - (unit or 65536))); tail = file.read()
                if unit and whole: self.done = max(self.done, struct.unpack("<Q", tail[:8])[0])
                lines = tail[:tail.rfind(b"\n") + 1].splitlines() if not unit else []
                if lines: self.done = max(self.done, json.loads(lines[-1])["step"])
                file.truncate(whole if unit else end - len(tail) + tail.rfind(b"\n") + 1)
    def _layout(self):  # which numbers a frame holds, and where; tensors of one shape lie side by side, so that few calls do the work
        draw, shapes, said, at, self.groups = random.Random(self.seed), {}, [], 4, []
        for name, tensor in self.model.named_parameters():
            if tensor.is_floating_point() and tensor.numel(): shapes.setdefault((tuple(tensor.shape), tensor.dtype, tensor.device), []).append((name, tensor))
        for (shape, _, device), members in shapes.items():
            count, k = math.prod(shape), len(members); height = shape[0] if len(shape) > 1 else 1; width = count // height
            sampled = min(height, max(self.rows, -(-self.sample // 2 // width))) if height > 1 and self.rows else 0; take = min(count, self.sample); stats, index, lines = at + take * k, [], []
            for i, (name, tensor) in enumerate(members):
                rows = sorted(draw.sample(range(height), sampled)); inside = draw.sample(range(sampled * width), min(sampled * width, take // 2))
                places = {rows[p // width] * width + p % width for p in inside}
                while len(places) < take: places.add(draw.randrange(count))
                index += [i * count + place for place in sorted(places)]; lines += [i * height + row for row in rows]
                said.append({"name": name, "shape": shape, "dtype": kind(tensor), "places": sorted(places), "rows": rows, "values": at + i * take, "max": stats + i,
                             "mean": stats + k + i, "norm": stats + 2 * k + i, "row_max": stats + 3 * k + i * sampled, "row_mean": stats + 3 * k + (k + i) * sampled})
            at = stats + (3 + 2 * sampled) * k
            self.groups.append(([tensor for _, tensor in members], width, torch.tensor(index, device=device), torch.tensor(lines, device=device, dtype=torch.long)))
        self.frame = bytearray(4 * at); self.payload = torch.frombuffer(self.frame, dtype=torch.float32, offset=16); shares = torch.ones(at - 4)
        for part in said: count = math.prod(part["shape"]); shares[part["mean"] - 4] = 1 / count; shares[part["row_mean"] - 4:][:len(part["rows"])] = part["shape"][0] / count if part["rows"] else 0
        self.shares = shares.to(self.groups[0][2].device)  # sums become means, all at once
        return json.loads(json.dumps({"frame_bytes": len(self.frame), "tensors": said}))
    @torch.inference_mode()
    def _record(self, metrics):
        now = time.time()
        if now - self.opened > 2:  # closing hands over to network drives what their client still holds
            for file in self.files: file.close()
            self.files, self.opened = [open(name, "ab", buffering=0) for name in self.names], now
        if self.done % self.every == 0:
            pieces = []
            for tensors, width, index, lines in self.groups:
                flat = torch.stack(tensors).float().view(len(tensors), -1)  # a copy: its signs are dropped in place once values are taken
                pieces += [flat.view(-1).index_select(0, index), flat.abs_().amax(1), flat.sum(1), torch.linalg.vector_norm(flat, dim=1)]
                if len(lines): rows = flat.view(-1, width).index_select(0, lines); pieces += [rows.amax(1), rows.sum(1)]
            self.payload.copy_(torch.cat([piece.to(self.shares.device) for piece in pieces]).mul_(self.shares))
            struct.pack_into("<QII", self.frame, 0, self.done, self.session, 0); struct.pack_into("<I", self.frame, 12, zlib.crc32(self.frame, self.identity))
            if self.files[0].write(self.frame) != len(self.frame): raise OSError("the disk is full")
        if metrics and self.done % self.metrics_every == 0:
            line = {name: value if math.isfinite(value) else str(value) for name, value in ((n, number(v)) for n, v in metrics.items()) if value is not None}
            self.files[1].write((json.dumps({"step": self.done, "time": now, "session": self.session, "metrics": line}) + "\n").encode())
        if self.checkpoint and self.done % self.checkpoint == 0: self._save({name: t for name, t in self.model.state_dict().items() if torch.is_tensor(t) and kind(t)})
    def _save(self, tensors):
        header, end, name = {"__metadata__": {"step": str(self.done)}}, 0, os.path.join(self.folder, "checkpoints", f"step-{self.done:09}.safetensors")
        for key, tensor in tensors.items():
            header[key] = {"dtype": kind(tensor), "shape": list(tensor.shape), "data_offsets": [end, end := end + tensor.numel() * tensor.element_size()]}
        words = json.dumps(header).encode()
        with open(name + ".tmp", "wb") as file:
            file.write(struct.pack("<Q", len(words) + -len(words) % 8) + words + b" " * (-len(words) % 8))
            for tensor in filter(torch.Tensor.numel, tensors.values()):
                flat = tensor.detach().cpu().contiguous().view(-1).view(torch.uint8); buffer = bytearray(flat.numel())
                torch.frombuffer(buffer, dtype=torch.uint8).copy_(flat); file.write(buffer)
        os.replace(name + ".tmp", name)
