"""Reads what is written in photos, where the optional package `rapidocr` is installed.

The models run in a process of their own (program.py): a picture that brings them down, or keeps
them busy for ever, costs one child, and nothing of the conversation.
"""
