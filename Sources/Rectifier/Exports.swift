// Whoever imports the library has tensors, formulas and programs too.
@_exported import RectifierCore
