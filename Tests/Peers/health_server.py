"""A gRPC server with the health service, and one without; for the tests of gRPC probes.

Prints both ports, then obeys lines such as "db NOT_SERVING" ("-" is the server as a whole), and ends with its input.
"""
import sys
from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

servicer = health.HealthServicer()


def say(line):
    # In one piece: the reader takes what comes first.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def server(with_health):
    made = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    if with_health:
        health_pb2_grpc.add_HealthServicer_to_server(servicer, made)
    port = made.add_insecure_port("127.0.0.1:0")
    made.start()
    return made, port


servers = [server(True), server(False)]
servicer.set("", health_pb2.HealthCheckResponse.SERVING)
say(" ".join(str(port) for _, port in servers))
for line in sys.stdin:
    name, status = line.split()
    servicer.set("" if name == "-" else name, health_pb2.HealthCheckResponse.ServingStatus.Value(status))
    say("done")
