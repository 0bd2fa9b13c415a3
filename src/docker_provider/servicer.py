"""Plugin protocol 6: Terraform's requests, answered for any resource of provider.py."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from docker_provider import diagnostics
from docker_provider.argument_rules import problems
from docker_provider.cancellation import CancellationRegistry
from docker_provider.codec import conform, decode, encode, settle
from docker_provider.engine_session import EngineSession
from docker_provider.errors import ProviderError
from docker_provider.on_demand import docker_errors, requests
from docker_provider.planning import State, plan, replacement_paths
from docker_provider.provider import DATA_SOURCES, RESOURCES, SCHEMA, provider_problems
from docker_provider.resource import Operation, Resource

log = logging.getLogger(__name__)

Context = grpc.ServicerContext
CAPABILITIES = pb.ServerCapabilities(get_provider_schema_optional=True)


class ProviderServicer(rpc.ProviderServicer):  # type: ignore[misc]  # the stubs are untyped
    """Answers every request; no exception leaves it, each becomes a diagnostic."""

    def __init__(self, session: EngineSession) -> None:
        self._session = session
        self._in_flight = CancellationRegistry()

    def GetMetadata(self, request: Any, context: Context) -> Any:
        """Name the resources and data sources."""
        return pb.GetMetadata.Response(
            server_capabilities=CAPABILITIES,
            resources=[pb.GetMetadata.ResourceMetadata(type_name=name) for name in RESOURCES],
            data_sources=[pb.GetMetadata.DataSourceMetadata(type_name=n) for n in DATA_SOURCES],
        )

    def GetProviderSchema(self, request: Any, context: Context) -> Any:
        """Describe every argument."""
        return pb.GetProviderSchema.Response(
            server_capabilities=CAPABILITIES,
            provider=SCHEMA.to_protocol(),
            resource_schemas={n: item.schema.to_protocol() for n, item in RESOURCES.items()},
            data_source_schemas={n: item.schema.to_protocol() for n, item in DATA_SOURCES.items()},
        )

    def GetFunctions(self, request: Any, context: Context) -> Any:
        """The provider has no functions."""
        return pb.GetFunctions.Response()

    def ValidateProviderConfig(self, request: Any, context: Context) -> Any:
        """Check the provider block; the engine's address is tried when it is contacted."""
        response = pb.ValidateProviderConfig.Response()
        with self._diagnosing(response):
            for problem in provider_problems(decode(request.config) or {}):
                response.diagnostics.append(diagnostics.error(problem))
        return response

    def ConfigureProvider(self, request: Any, context: Context) -> Any:
        """Connect to the engine of the provider block."""
        response = pb.ConfigureProvider.Response()
        with self._diagnosing(response):
            self._session.configure(conform(SCHEMA.block, decode(request.config) or {}))
        return response

    def StopProvider(self, request: Any, context: Context) -> Any:
        """End what is waiting; the server goes on, for Terraform only stops its own run."""
        self.interrupt("Terraform was interrupted. What exists is in the state.")
        return pb.StopProvider.Response()

    def interrupt(self, reason: str) -> None:
        """End every wait that is in flight; each request then reports what exists."""
        self._in_flight.cancel_all(reason)

    def ValidateResourceConfig(self, request: Any, context: Context) -> Any:
        """Check a resource's arguments without asking the engine."""
        response = pb.ValidateResourceConfig.Response()
        with self._diagnosing(response):
            resource, config = RESOURCES[request.type_name], decode(request.config)
            for problem in (*problems(resource.schema.block, config), *resource.validate(config)):
                response.diagnostics.append(diagnostics.error(problem))
        return response

    def ValidateDataResourceConfig(self, request: Any, context: Context) -> Any:
        """The schema says all there is to check."""
        return pb.ValidateDataResourceConfig.Response()

    def UpgradeResourceState(self, request: Any, context: Context) -> Any:
        """Bring a stored state to the present schema: Terraform asks this for every object."""
        response = pb.UpgradeResourceState.Response()
        with self._diagnosing(response):
            resource = RESOURCES[request.type_name]
            state = resource.upgrade(request.version, json.loads(request.raw_state.json))
            response.upgraded_state.CopyFrom(encode(conform(resource.schema.block, state)))
        return response

    def ReadResource(self, request: Any, context: Context) -> Any:
        """Refresh one object; a null state says that it is gone."""
        response = pb.ReadResource.Response(private=request.private)
        current = decode(request.current_state)
        with self._operation(response, kept=current) as operation:
            state = RESOURCES[request.type_name].read(operation, dict(current))
            operation.kept = None
            response.new_state.CopyFrom(encode(settle(state)))
        return response

    def PlanResourceChange(self, request: Any, context: Context) -> Any:
        """Say what one object will look like, and whether it must be made anew."""
        response = pb.PlanResourceChange.Response(
            legacy_type_system=True, planned_private=request.prior_private
        )
        resource = RESOURCES[request.type_name]
        block = resource.schema.block
        prior, config = decode(request.prior_state), decode(request.config)
        with self._diagnosing(response):
            planned = None if config is None else plan(block, prior, config)
            response.planned_state.CopyFrom(encode(planned))
            if prior is not None and planned is not None:
                paths = list(replacement_paths(block, prior, planned))
                paths = resource.replacements(paths, prior, planned, self._session.client)
                response.requires_replace.extend(map(diagnostics.attribute_path, paths))
        return response

    def ApplyResourceChange(self, request: Any, context: Context) -> Any:
        """Create, change or remove one object; a failure still reports what exists."""
        response = pb.ApplyResourceChange.Response(
            legacy_type_system=True, private=request.planned_private
        )
        prior, planned = decode(request.prior_state), decode(request.planned_state)
        resource = RESOURCES[request.type_name]
        with self._operation(response, kept=prior) as operation:
            context.add_callback(operation.cancellation.abandon)
            state = _apply(resource, operation, prior, planned)
            operation.kept = None
            response.new_state.CopyFrom(encode(settle(state)))
        if prior is None and not context.is_active():
            self._undo(resource, decode(response.new_state))
        return response

    def _undo(self, resource: Resource, state: State | None) -> None:
        """Remove what was created for a Terraform that was killed: no state will ever hold it."""
        if state is None:
            return
        log.warning("Terraform is gone: removing %s %s", resource.name, state["id"])
        unheard = pb.ApplyResourceChange.Response()
        with self._operation(unheard) as operation:
            resource.delete(operation, state)
        for diagnostic in unheard.diagnostics:
            log.error("%s: %s", diagnostic.summary, diagnostic.detail)

    def ImportResourceState(self, request: Any, context: Context) -> Any:
        """Find an object by its identifier; Terraform reads the rest afterwards."""
        response = pb.ImportResourceState.Response()
        resource = RESOURCES[request.type_name]
        with self._operation(response) as operation:
            state = conform(resource.schema.block, resource.import_state(operation, request.id))
            response.imported_resources.add(type_name=request.type_name, state=encode(state))
        return response

    def MoveResourceState(self, request: Any, context: Context) -> Any:
        """Refuse to take over another resource type's state."""
        response = pb.MoveResourceState.Response()
        with self._diagnosing(response):
            raise ProviderError(
                "This provider cannot move state between resource types",
                f"{request.source_type_name} cannot become {request.target_type_name}: use "
                "removed and import blocks.",
            )
        return response

    def ReadDataSource(self, request: Any, context: Context) -> Any:
        """Read one data source."""
        response = pb.ReadDataSource.Response()
        source = DATA_SOURCES[request.type_name]
        with self._operation(response) as operation:
            config = plan(source.schema.block, None, decode(request.config))
            response.state.CopyFrom(encode(settle(source.read(operation, config))))
        return response

    @contextmanager
    def _operation(self, response: Any, kept: State | None = None) -> Iterator[Operation]:
        """Run a request against the engine; a failure reports `kept`, or what replaced it."""
        with self._in_flight.register() as cancellation, self._diagnosing(response):
            try:
                client = self._session.client()
            except ProviderError:
                _report(response, kept)
                raise
            operation = Operation(client, self._session.config, cancellation, kept)
            try:
                yield operation
            finally:
                _report(response, operation.kept)
                response.diagnostics.extend(diagnostics.warnings(operation.warnings))

    @contextmanager
    def _diagnosing(self, response: Any) -> Iterator[None]:
        """Turn whatever is raised into an error diagnostic."""
        try:
            yield
        except ProviderError as problem:
            response.diagnostics.append(diagnostics.error(problem))
        except docker_errors.APIError as answer:
            response.diagnostics.append(diagnostics.refusal(answer))
        except (docker_errors.DockerException, requests.RequestException, OSError) as failure:
            response.diagnostics.append(diagnostics.error(self._session.explain(failure)))
        except Exception as failure:  # noqa: BLE001 - a bug must reach the person as a diagnostic
            name = response.DESCRIPTOR.full_name
            response.diagnostics.append(diagnostics.unexpected(failure, name))


def _report(response: Any, kept: State | None) -> None:
    if kept is not None:
        response.new_state.CopyFrom(encode(settle(kept)))


def _apply(
    resource: Resource, operation: Operation, prior: State | None, planned: State | None
) -> State | None:
    if planned is not None:
        if prior is None:
            return resource.create(operation, planned)
        return resource.update(operation, prior, planned)
    if prior is not None:
        resource.delete(operation, prior)
    return None
