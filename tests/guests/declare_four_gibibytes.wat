;; Has a memory of 4 GiB from the start.

(memory (export "memory") 65536)
(export "cabi_realloc" (func $realloc))
(export "patchpanel:connector/connector@1.0.0#validate" (func $validate))
