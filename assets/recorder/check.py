#!/usr/bin/env python3
"""Checks the recorder, and times it: `python check.py`, `python check.py --time`. Skips with a word where torch is absent.

Kills a training at ten random instants and starts it again: no frame may be lost but a torn last one. A second training in the same
folder is refused and goes on; other tensors get a file of their own; a full disk ends the recording, not the training.
"""
import json, os, random, signal, struct, subprocess, sys, tempfile, time, warnings, zlib

HERE = os.path.dirname(os.path.abspath(__file__))
TRAINING = """
import sys; sys.path.insert(0, {here!r})
import torch; from weightscope_recorder import Recorder
torch.manual_seed(0); model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
optimizer = torch.optim.SGD(model.parameters(), 0.1); recorder = Recorder(model, {folder!r}, checkpoint=200)
print("begins", flush=True)
for _ in range({steps}):
    loss = model(torch.randn(16, 64)).square().mean(); optimizer.zero_grad(); loss.backward(); optimizer.step(); recorder.step(loss=loss)
print("recorded" if not recorder.off else "not recorded", flush=True)
"""


def training(folder, steps=10**9):
    code = TRAINING.format(here=HERE, folder=folder, steps=steps)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    return process


def frames(folder):
    """Steps of all whole frames; every check must fit."""
    with open(os.path.join(folder, "recording.json")) as file: said = json.load(file)
    steps = []
    for part in said["parts"]:
        with open(os.path.join(folder, part["file"]), "rb") as file: held = file.read()
        size = part["frame_bytes"]
        for at in range(0, len(held) - size + 1, size):
            frame = bytearray(held[at:at + size])
            step, _, check = struct.unpack("<QII", frame[:16])
            frame[12:16] = bytes(4)
            assert zlib.crc32(frame, int(said["id"], 16)) == check, f"the check of step {step} fails"
            steps.append(step)
    return steps


def killed(folder):
    draw, before = random.Random(0), 0
    for _ in range(10):
        process = training(folder)
        time.sleep(draw.uniform(0.05, 0.6))
        process.send_signal(signal.SIGKILL); process.wait()
        now = frames(folder)
        assert len(now) >= before, "frames are lost"
        before = len(now)
    process = training(folder, 5); process.wait()
    steps = frames(folder)
    assert steps == list(range(len(steps))), "steps are lost or twice there"
    print(f"killed ten times: {len(steps)} frames, none lost")


def second(folder):
    first = training(folder)
    other = training(folder, 20)
    words, problem = other.communicate()
    first.kill(); first.wait()
    assert "not recorded" in words and "records into this folder" in problem, (words, problem)
    print("a second training in the same folder is refused, and goes on")


def changed(folder):
    import torch
    from weightscope_recorder import Recorder
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recorder = Recorder(torch.nn.Linear(3, 3), folder); recorder.step(loss=1.0); recorder.close()
    assert os.path.exists(os.path.join(folder, "traces.2.f32"))
    frames(folder)
    print("other tensors have a file of their own")


def full():
    if not os.path.exists("/dev/full"): return
    import torch
    from weightscope_recorder import Recorder
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        recorder = Recorder(torch.nn.Linear(3, 3), folder)
        recorder.names, recorder.opened = ["/dev/full"] * 2, 0
        for _ in range(3): recorder.step(loss=1.0)
        told = [str(one.message) for one in said if "recording stopped" in str(one.message)]
        assert len(told) == 1 and recorder.off, told
    print("a full disk is told once, and the training goes on")


def timed():
    """Processor time of a step with and without the recorder: best of twelve rounds, in turns."""
    import torch
    from weightscope_recorder import Recorder
    torch.set_num_threads(1)
    layers = [layer for _ in range(8) for layer in (torch.nn.Linear(256, 256), torch.nn.ReLU())]
    model, inputs = torch.nn.Sequential(*layers), torch.randn(1024, 256)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, fused=True)
    def step():
        optimizer.zero_grad(); loss = model(inputs).square().mean(); loss.backward(); optimizer.step(); return loss
    with tempfile.TemporaryDirectory() as folder:
        recorder, best = Recorder(model, folder), {}
        for _ in range(12):
            for name, work in (("without", step), ("with", lambda: recorder.step(loss=step()))):
                begun = time.thread_time()
                for _ in range(20): work()
                best[name] = min(best.get(name, 1e9), (time.thread_time() - begun) / 20)
        print(f"16 tensors: {best['without'] * 1e3:.2f} ms a step, {best['with'] * 1e3:.2f} ms recorded, ratio {best['with'] / best['without']:.4f}, {len(recorder.frame)} bytes a step")


if __name__ == "__main__":
    try:
        import torch  # noqa: F401
    except ImportError:
        print("skipped: torch is not installed"); sys.exit(0)
    sys.path.insert(0, HERE)
    if "--time" in sys.argv[1:]:
        timed()
    else:
        with tempfile.TemporaryDirectory() as folder:
            recording = os.path.join(folder, "recording")
            killed(recording); second(recording); changed(recording)
        full()
        print("all is well")
