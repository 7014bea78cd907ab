"""What objects of frameworks hold and never send to a model: ids, times, telemetry, logs of calls, clients made late,
and how long to wait and how often to try.

It only removes needless misses: what is missing here is counted. `tests/frameworks/test_unsent.py` shows that
requests are the same, byte for byte, whatever is there.
"""

from __future__ import annotations

NEVER_SENT: dict[str, frozenset[str]] = {
    name: frozenset(attributes.split())
    for name, attributes in {
        "agno.agent.agent.Agent": "id session_id telemetry checkpoint _formatter _hooks_normalised",
        "autogen_ext.models.openai._openai_client.BaseOpenAIChatCompletionClient": "_total_usage _actual_usage",
        "beartype._conf.confmain.BeartypeConf": "_hash _repr",
        "circuitbreaker.CircuitBreaker": "_opened",
        "cohere.core.client_wrapper.BaseClientWrapper": "_token _timeout",
        "dspy.clients.base_lm.BaseLM": "history _engine_store",
        "dspy.predict.predict.Predict": "stage traces",
        "dspy.primitives.module.Module": "history",
        "functools.singledispatch.<locals>.dispatch": "cache_token dispatch_cache",
        "functools.singledispatch.<locals>.register": "cache_token dispatch_cache",
        "functools.singledispatch.<locals>.wrapper": "_clear_cache",
        "google.genai._api_client.BaseApiClient": "_retry _async_retry",
        "google.genai.types.HttpOptions": "timeout retry_options",
        "haystack.components.generators.chat.openai.OpenAIChatGenerator": "client async_client _tools_warmed_up "
        "timeout max_retries",
        "instructor.v2.core.hooks.Hooks": "_handlers",
        "instructor.v2.core.patch._create_sync_wrapper.<locals>.new_create_sync": "cache_scope",
        "instructor.v2.core.patch._create_async_wrapper.<locals>.new_create_async": "cache_scope",
        "langchain_anthropic.chat_models.ChatAnthropic": "default_request_timeout max_retries",
        "langchain_core.messages.human.HumanMessage": "id",
        "langchain_core.messages.system.SystemMessage": "id",
        "langchain_core.messages.tool.ToolMessage": "id",
        "langchain_openai.chat_models.base.BaseChatOpenAI": "request_timeout max_retries",
        "llama_index.core.callbacks.base.CallbackManager": "_trace_map _trace_id_stack _trace_stack",
        "llama_index.core.schema.BaseNode": "id_",
        "llama_index.llms.openai.base.OpenAI": "_client _aclient timeout max_retries",
        "mistralai.client._hooks.tracing.TracingHook": "_telemetry_auto_disabled",
        "mistralai.client.sdkconfiguration.SDKConfiguration": "timeout_ms retry_config",
        "mistralai.client.sdk.Mistral": "agents audio batch beta chat classifiers embeddings events files "
        "fim models ocr realtime responses workflows",
        "pydantic_ai.agent.Agent": "_name",
        "pydantic_ai.providers.Provider": "_own_client_loop",
        "smolagents.agents.MultiStepAgent": "interrupt_switch step_number task",
        "smolagents.monitoring.Monitor": "step_durations total_input_token_count total_output_token_count",
        "smolagents.tools.Tool": "is_initialized",
        "tenacity.BaseRetrying.wraps.<locals>.wrapped_f": "statistics",
        "tenacity.asyncio.AsyncRetrying.wraps.<locals>.async_wrapped": "statistics",
        "unittest.mock._patch_dict": "_original",
    }.items()
}
"""Class, or function that is made at run time → names of its attributes; they hold for subclasses too."""
