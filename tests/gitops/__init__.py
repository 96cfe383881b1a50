"""Tests of the room ``gitops``."""
