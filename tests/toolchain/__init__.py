"""Tests of the room ``toolchain``."""
