// Instruments are of no use without what they measure.
@_exported import Rectifier
