"""Puts a PyTorch training on the scope of Weightscope. MIT licence. Needs torch and nothing else: copy this file into your project.
    recorder = Recorder(model, "recording")         # once, before the loop
    recorder.step(loss=loss)                        # after each optimizer.step(); further numbers by keyword
Each `every` steps: `sample` places of each floating-point parameter, drawn once by `seed`, half of them in `rows` rows of each matrix;
max, mean and norm of |w| of the parameter, max and mean of those rows. Each `metrics_every` steps a line of metrics, each `checkpoint`
a safetensors file (0: none). A training that is started again appends. What goes wrong ends the recording, never the training."""
import json, math, os, random, socket, struct, time, types, warnings, zlib, torch
OPEN, NAMES = {}, dict(float32="F32", float16="F16", bfloat16="BF16", float64="F64", int64="I64", int32="I32", int16="I16", int8="I8", uint8="U8", bool="BOOL")  # OPEN: recorders of this process by folder
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
        self.off, self.again = True, [file.close() for file in self.files] and 0; OPEN.get(self.folder) is self and OPEN.pop(self.folder)
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
            if said["format"] != "weightscope recording" or said["version"] not in (1, 2): raise ValueError("a recording of another version lies here; name another folder")
            last, files = said["sessions"][-1], [os.path.join(self.folder, part["file"]) for part in said["parts"]]; written = max(map(os.path.getmtime, filter(os.path.exists, files)), default=0)
            if last["host"] == host and last["pid"] != os.getpid() and born(last["pid"]) == last["born"] != 0: raise BlockingIOError(f"process {last['pid']} records into this folder; name another folder, or record on rank 0 only")
            if last["host"] != host and time.time() - written < 60: raise BlockingIOError(f"{last['host']} wrote here within the last minute; tried again each minute")
        else: fresh, said = True, {"format": "weightscope recording", "version": 2, "id": os.urandom(4).hex(), "parts": [], "sessions": []}
        if fresh and os.path.exists(os.path.join(self.folder, "traces.f32")): raise ValueError("traces lie here without their recording.json; name another folder")
        layout = self._layout(); said["version"] = 2
        if not said["parts"] or any(said["parts"][-1][key] != layout[key] for key in layout):  # other tensors than before: a file of their own
            said["parts"].append({"file": f"traces.{len(said['parts']) + 1}.f32" if said["parts"] else "traces.f32", **layout})
        self.names = [os.path.join(self.folder, name) for name in (said["parts"][-1]["file"], "metrics.jsonl")]
        if not fresh: self._mend([(os.path.join(self.folder, part["file"]), part["frame_bytes"]) for part in said["parts"]] + [(self.names[1], 0)])
        self.identity, self.session, self.again, self.opened, OPEN[self.folder] = int(said["id"], 16), len(said["sessions"]), 0, 0, self
        said["sessions"].append(dict(started=time.time(), host=host, pid=os.getpid(), born=born(os.getpid()), part=len(said["parts"]) - 1, frame=os.path.getsize(self.names[0]) // len(self.frame) if os.path.exists(self.names[0]) else 0))
        with open(path + ".tmp", "w") as file: json.dump(said, file)
        os.replace(path + ".tmp", path); fresh and self._record({})  # step 0: the weights that the training begins with
    def _mend(self, files):  # cuts torn ends off and counts on from the last step that was recorded
        for name, unit in files:
            with open(name, "a+b") as file:
                end = file.seek(0, 2); whole = end - end % unit if unit else end; file.seek(max(0, whole - (unit or 65536))); tail = file.read()
                lines = tail[:tail.rfind(b"\n") + 1].splitlines() if not unit else []; steps = [struct.unpack("<Q", tail[:8])[0]] if unit and whole else [json.loads(line)["step"] for line in lines[-1:]]
                self.done = max([self.done, *steps]); file.truncate(whole if unit else end - len(tail) + tail.rfind(b"\n") + 1)
    def _layout(self):  # which numbers a frame holds, and where; tensors lie side by side in one copy, so that few calls do the work
        draw, shapes, said, at, batches, means = random.Random(self.seed), {}, [], 4, [], []
        for name, tensor in ((name, tensor) for name, tensor in self.model.named_parameters() if tensor.is_floating_point() and tensor.numel()): shapes.setdefault((tuple(tensor.shape), tensor.dtype, tensor.device), []).append((name, tensor))
        every = [(key, members[i:i + n]) for key, members in sorted(shapes.items(), key=lambda item: str(item[0][2])) for n in [max(1, (1 << 22) // math.prod(key[0]))] for i in range(0, len(members), n)]
        stats = 4 + sum(len(members) * min(math.prod(shape), self.sample) for (shape, *_), members in every)
        for (shape, _, device), members in every:
            count, k = math.prod(shape), len(members); height = shape[0] if len(shape) > 1 else 1; width, take = count // height, min(count, self.sample)
            sampled = min(height, max(self.rows, -(-self.sample // 2 // width))) if height > 1 and self.rows else 0; lines_at = stats + (3 * k if take < count else 0)
            if not batches or batches[-1].device != device or batches[-1].size >> 22: batches.append(types.SimpleNamespace(device=device, size=0, at=at - 4, index=[], lines=[], groups=[]))
            batch = batches[-1]; batch.groups.append(([tensor for _, tensor in members], batch.size, shape, len(batch.lines), k * sampled, stats - 4, lines_at - 4))
            for i, (name, tensor) in enumerate(members):
                rows = sorted(draw.sample(range(height), sampled)); inside = draw.sample(range(sampled * width), min(sampled * width, take // 2))
                places, begin = {rows[p // width] * width + p % width for p in inside}, batch.size + i * count
                while len(places) < take: places.add(draw.randrange(count))
                batch.index += [begin + place for place in sorted(places)]; batch.lines += [begin + row * width + j for row in rows for j in range(width)]
                said.append({"name": name, "shape": shape, "dtype": kind(tensor), "places": sorted(places), "rows": rows, "values": at + i * take, "row_max": lines_at + i * sampled, "row_mean": lines_at + (k + i) * sampled,
                             **(dict(max=stats + i, mean=stats + k + i, norm=stats + 2 * k + i) if take < count else {})})  # they follow where all weights are there
            means += [(stats + k, k, 1 / count)] * (take < count) + [(lines_at + k * sampled, k * sampled, 1 / width)]; batch.size += k * count; at += k * take; stats = lines_at + 2 * k * sampled
        self.frame = bytearray(4 * stats); self.payload = torch.frombuffer(self.frame, dtype=torch.float32, offset=16); self.shares, self.batches = torch.ones(stats - 4), batches
        self.buffers = {device: self.payload if device.type == "cpu" else torch.zeros(stats - 4, device=device) for *_, device in shapes}
        rooms = {device: torch.empty(max(batch.size for batch in batches if batch.device == device), device=device) for device in self.buffers}
        for batch in batches:
            out, batch.flat = self.buffers[batch.device], rooms[batch.device][:batch.size]; batch.values = out[batch.at:][:len(batch.index)]; slot = lambda at, length, count: [out[at + i * length:][:length] for i in range(count)]
            batch.index, batch.lines = (torch.tensor(places, device=batch.device, dtype=torch.long) for places in (batch.index, batch.lines)); batch.rows = torch.empty(len(batch.lines), device=batch.device)
            for place, (tensors, begin, shape, line, lines, figures, ends) in enumerate(batch.groups):
                k, count = len(tensors), math.prod(shape); copy = batch.flat[begin:][:k * count]; width = count // shape[0] if lines else 1
                batch.groups[place] = (tensors, copy.view(k, *shape), copy.view(k, -1), slot(figures, k, 3) if figures < ends else (), batch.rows[line:][:lines * width].view(lines, -1) if lines else (), slot(ends, lines, 2))
        for place, length, share in means: self.shares[place - 4:][:length] = share  # sums become means, all at once
        return json.loads(json.dumps({"frame_bytes": len(self.frame), "tensors": said}))
    @torch.inference_mode()
    def _record(self, metrics):
        now = time.time()
        if now - self.opened > 2:  # closing hands over to network drives what their client still holds
            [file.close() for file in self.files]; self.files, self.opened = [open(name, "ab", buffering=0) for name in self.names], now
        if self.done % self.every == 0:
            for batch in self.batches:
                for tensors, copy, *_ in batch.groups: torch.stack(tensors, out=copy)
                torch.index_select(batch.flat, 0, batch.index, out=batch.values); batch.flat.abs_(); len(batch.lines) and torch.index_select(batch.flat, 0, batch.lines, out=batch.rows)
                for _, _, part, figures, rows, ends in batch.groups:
                    if figures: torch.amax(part, 1, out=figures[0]); torch.sum(part, 1, out=figures[1]); torch.linalg.vector_norm(part, dim=1, out=figures[2])
                    if len(rows): torch.amax(rows, 1, out=ends[0]); torch.sum(rows, 1, out=ends[1])
            buffers = list(self.buffers.values()); self.payload.copy_(buffers[0] if len(buffers) == 1 else torch.stack([one.cpu() for one in buffers]).sum(0)).mul_(self.shares)
            struct.pack_into("<QII", self.frame, 0, self.done, self.session, 0); struct.pack_into("<I", self.frame, 12, zlib.crc32(self.frame, self.identity))
            if self.files[0].write(self.frame) != len(self.frame): raise OSError("the disk is full")
        if metrics and self.done % self.metrics_every == 0:
            line = {name: value if math.isfinite(value) else str(value) for name, value in ((n, number(v)) for n, v in metrics.items()) if value is not None}
            self.files[1].write((json.dumps({"step": self.done, "time": now, "session": self.session, "metrics": line}) + "\n").encode())
        if self.checkpoint and self.done % self.checkpoint == 0: self._save({name: t for name, t in self.model.state_dict().items() if torch.is_tensor(t) and kind(t)})
    def _save(self, tensors):
        header, end, name = {"__metadata__": {"step": str(self.done)}}, 0, os.path.join(self.folder, "checkpoints", f"step-{self.done:09}.safetensors")
        for key, tensor in tensors.items(): header[key] = {"dtype": kind(tensor), "shape": list(tensor.shape), "data_offsets": [end, end := end + tensor.numel() * tensor.element_size()]}
        words = json.dumps(header).encode()
        with open(name + ".tmp", "wb") as file:
            file.write(struct.pack("<Q", len(words) + -len(words) % 8) + words + b" " * (-len(words) % 8))
            for tensor in filter(torch.Tensor.numel, tensors.values()):
                flat = tensor.detach().cpu().contiguous().view(-1).view(torch.uint8); buffer = bytearray(flat.numel())
                torch.frombuffer(buffer, dtype=torch.uint8).copy_(flat); file.write(buffer)
        os.replace(name + ".tmp", name)
