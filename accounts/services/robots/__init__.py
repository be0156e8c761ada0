"""The only writer of robots. A right lost moves `auth_epoch` of the robot and of those it has made: their tokens end."""

from accounts.services.robots.changing import (
    RobotChanges,
    change_robot,
    disable_robot,
    enable_robot,
    remove_robot,
    rotate_secret,
)
from accounts.services.robots.making import NewRobot, create_robot

__all__ = [
    "NewRobot",
    "RobotChanges",
    "change_robot",
    "create_robot",
    "disable_robot",
    "enable_robot",
    "remove_robot",
    "rotate_secret",
]
