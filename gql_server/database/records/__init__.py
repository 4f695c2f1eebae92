"""Typed rows, a module for each noun: what reads return."""
