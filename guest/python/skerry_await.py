# SPDX-License-Identifier: Apache-2.0
"""`await` outside a function: programs that use it run in one event loop, which lives as long as the session."""

import inspect

# The loop, once a program has awaited; a session keeps it with its tasks.
runner = None


def run_awaiting(code, value):
    """What the code returned, which is a coroutine of what it means to return if it awaits."""
    global runner
    if not code.co_flags & inspect.CO_COROUTINE:
        return value
    import asyncio

    if runner is None or runner.get_loop().is_closed():
        runner = asyncio.Runner()
    try:
        return runner.run(value)
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code is not code:
            trace = trace.tb_next
        error.__traceback__ = trace or error.__traceback__
        raise


def close():
    """The end of a program: its tasks are cancelled, as asyncio.run does."""
    global runner
    ended, runner = runner, None
    ended.close()
