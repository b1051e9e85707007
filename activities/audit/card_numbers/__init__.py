"""No card number is anywhere that we keep anything: tables, histories, logs (I12).

A hit is named by its place; what stands there is never repeated.
"""
