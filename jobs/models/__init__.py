"""The tables of runs and of what starts them. Written by this app's services and its engine alone."""

from jobs.models.outputs import Output, OutputState
from jobs.models.runs import (
    ACTIVE,
    FINISHED,
    MAX_KEY,
    MAX_NAME,
    MAX_TEXT,
    Level,
    LogLine,
    Outbox,
    QueueControl,
    Run,
    State,
    Task,
    Trigger,
    Worker,
)
from jobs.models.schedules import Beat, FinishedCount, Schedule

__all__ = [
    "ACTIVE",
    "FINISHED",
    "MAX_KEY",
    "MAX_NAME",
    "MAX_TEXT",
    "Beat",
    "FinishedCount",
    "Level",
    "LogLine",
    "Outbox",
    "Output",
    "OutputState",
    "QueueControl",
    "Run",
    "Schedule",
    "State",
    "Task",
    "Trigger",
    "Worker",
]
