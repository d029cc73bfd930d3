# SPDX-License-Identifier: Apache-2.0
"""A client that knows nothing of the service but its address: what there is to call it learns by server reflection."""

import grpc
import pytest
from google.protobuf import descriptor_pool, json_format, message_factory, struct_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

MAX_MESSAGE = 160 << 20


class Client:
    """client.ExecuteTool(tool_name=…, parameters={…}) calls one method of one service with a request of these fields."""

    def __init__(self, address, service="shannon.agent.AgentService", key=None, credentials=None):
        self.metadata = [("x-api-key", key)] if key else []
        options = [("grpc.max_send_message_length", MAX_MESSAGE + 1024), ("grpc.max_receive_message_length", MAX_MESSAGE)]
        self.channel = (grpc.secure_channel(address, credentials, options=options) if credentials else
                        grpc.insecure_channel(address, options=options))
        self.reflection = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = descriptor_pool.DescriptorPool(self.reflection)
        self.service = self.pool.FindServiceByName(service)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def __getattr__(self, name):
        method = self.service.methods_by_name[name]
        request_type = message_factory.GetMessageClass(method.input_type)
        kind = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        call = kind(f"/{self.service.full_name}/{name}", request_serializer=request_type.SerializeToString,
                    response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)
        return lambda rpc_timeout=60, **fields: call(json_format.ParseDict(fields, request_type()), timeout=rpc_timeout,
                                                      metadata=self.metadata)

    def begin(self, name, **fields):
        """The call, begun: a future."""
        method = self.service.methods_by_name[name]
        request_type = message_factory.GetMessageClass(method.input_type)
        call = self.channel.unary_unary(f"/{self.service.full_name}/{name}", request_serializer=request_type.SerializeToString,
                                        response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)
        return call.future(json_format.ParseDict(fields, request_type()), timeout=60, metadata=self.metadata)

    def send(self, name, messages, timeout=60):
        """A call with a stream of messages and one answer, begun: a future. `messages` are the fields of each."""
        method = self.service.methods_by_name[name]
        request_type = message_factory.GetMessageClass(method.input_type)
        call = self.channel.stream_unary(f"/{self.service.full_name}/{name}", request_serializer=request_type.SerializeToString,
                                         response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)
        return call.future((request_type(**each) for each in messages), timeout=timeout, metadata=self.metadata)

    def open(self, name, messages, timeout=60):
        """A call with a stream of messages each way; `messages` are the fields of each."""
        method = self.service.methods_by_name[name]
        request_type = message_factory.GetMessageClass(method.input_type)
        call = self.channel.stream_stream(f"/{self.service.full_name}/{name}", request_serializer=request_type.SerializeToString,
                                          response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)
        return call((json_format.ParseDict(each, request_type()) for each in messages), timeout=timeout, metadata=self.metadata)

    def python(self, code, **parameters):
        """The result of one call of python_executor."""
        return self.ExecuteTool(tool_name="python_executor", parameters={"code": code, **parameters})


def output(result):
    return json_format.MessageToDict(result.output)


def metadata(result):
    return json_format.MessageToDict(result.metadata)


def name_of(enum_message, field):
    """The name of an enum's value."""
    descriptor = enum_message.DESCRIPTOR.fields_by_name[field].enum_type
    return descriptor.values_by_number[getattr(enum_message, field)].name


def refused(call, code):
    """The details of the gRPC status with which the call fails."""
    with pytest.raises(grpc.RpcError) as error:
        call()
    assert error.value.code() == code, error.value
    return error.value.details()
