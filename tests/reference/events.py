"""Event records as TensorBoard's own package writes them, for the test of src/report/tensorboard.rs.

Run:  python tests/reference/events.py > tests/reference/events.json
Written with tensorboard 2.21.0 and the protobuf that it installs.
"""
import io
import json

import tensorboard
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def record(event):
    out = io.BytesIO()
    RecordWriter(out).write(event.SerializeToString(deterministic=True))
    return out.getvalue().hex()


def value(**fields):
    return Summary(value=[Summary.Value(**fields)])


version = Event(wall_time=0.0, file_version="brain.Event:2")
scalar = Event(wall_time=12.5, step=300, summary=value(tag="loss/train", simple_value=0.625))
histogram = HistogramProto(
    min=0.0, max=3.0, num=7.0, sum=11.5, sum_squares=21.75, bucket_limit=[1.0, 2.0, 3.0], bucket=[1.0, 4.0, 2.0]
)
histogram = Event(wall_time=12.5, step=5, summary=value(tag="distances/same class", histo=histogram))
print(json.dumps(dict(
    tensorboard=tensorboard.__version__,
    version=record(version), scalar=record(scalar), histogram=record(histogram),
), indent=1))
