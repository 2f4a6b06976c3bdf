;; Has a table of 100,000 elements from the start.

(table 100000 funcref)
(memory (export "memory") 2)
(export "cabi_realloc" (func $realloc))
(export "patchpanel:connector/connector@1.0.0#validate" (func $validate))
