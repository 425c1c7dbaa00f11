"""What stock is worth under four methods (R76–R79): FIFO, LIFO, weighted average, specific identification. Pure.

A costing method says what units cost, not which unit is shipped first: that is the issue order, a setting of its own
(N2). A customer return brings units back at the cost they left with (p32): the first to leave are the first to come
back. Quantities and costs are Decimal; nothing is rounded inside (60 digits), and nothing is worth nothing.

Time grows with the number of events, times the logarithm of the number of receipts under FIFO.
"""

from inventory.valuation.books import EventValue, Op, StockEvent, Valuation, value_events
from inventory.valuation.layers import Layer, Method
from inventory.valuation.lots import value_by_lots
from inventory.valuation.refusals import ValuationRefused

__all__ = [
    "EventValue",
    "Layer",
    "Method",
    "Op",
    "StockEvent",
    "Valuation",
    "ValuationRefused",
    "value_by_lots",
    "value_events",
]
