"""OpenBLAS's sgemm, called by itself: openblas.py - THREADS"""
import ctypes
import ctypes.util
import sys

from contest import Unable, absent, factor, take_part

try:
    import numpy
except ModuleNotFoundError:
    absent('apt-get install libopenblas-dev python3-numpy')

path = ctypes.util.find_library('openblas')
if path is None:
    absent('apt-get install libopenblas-dev python3-numpy')
library = ctypes.CDLL(path)
library.openblas_set_num_threads(int(sys.argv[2]))
library.openblas_get_config.restype = ctypes.c_char_p
library.openblas_get_corename.restype = ctypes.c_char_p
multiply = library.cblas_sgemm
FLOAT, INT, POINTER = ctypes.c_float, ctypes.c_int, ctypes.c_void_p
multiply.argtypes = [INT] * 6 + [FLOAT, POINTER, INT, POINTER, INT, FLOAT, POINTER, INT]
multiply.restype = None
ROW_MAJOR, AS_IT_IS = 101, 111


def prepare(task):
    if task['kind'] != 'product' or task['way'] != 'forward':
        raise Unable('matrix products alone')
    rows, inputs, outputs = task['rows'], task['inputs'], task['outputs']
    x, w = factor(numpy, rows * inputs), factor(numpy, inputs * outputs, 1)
    y = numpy.zeros(rows * outputs, numpy.float32)
    sizes = [ROW_MAJOR, AS_IT_IS, AS_IT_IS, rows, outputs, inputs]
    call = sizes + [1, x.ctypes.data, inputs, w.ctypes.data, outputs, 0, y.ctypes.data, outputs]
    # As many calls as make calling from Python little of it.
    times = max(1, int(2e6 / (rows * inputs * outputs)))

    def run():
        for _ in range(times):
            multiply(*call)
        return times * rows * inputs * outputs

    run()
    return {'run': run, 'output': y[: min(8, outputs)].tolist(), 'keep': (x, w, y)}


words = library.openblas_get_config().decode().split()
take_part('OpenBLAS', f'{words[1]} {library.openblas_get_corename().decode()}', prepare)
