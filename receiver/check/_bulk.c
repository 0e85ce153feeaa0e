/* Work on every byte of a batch, natively: the same results as bulk_pure.py, which says what each is.

Only the limited API is used, so one build serves every Python from 3.11 on. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

/* --- quotes --- */

static Py_ssize_t count_quotes(const unsigned char *text, Py_ssize_t length)
{
    Py_ssize_t count = 0;
    while (length > 0) {
        Py_ssize_t part = length < 192 ? length : 192; /* its count fits into a byte */
        unsigned char found = 0;
        for (Py_ssize_t i = 0; i < part; i++) /* a compiler makes vector instructions of it */
            found = (unsigned char)(found + (text[i] == '"'));
        count += found;
        text += part;
        length -= part;
    }
    return count;
}

static PyObject *unescaped_quotes(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *bytes;
    Py_ssize_t length, end = PY_SSIZE_T_MAX;
    if (!PyArg_ParseTuple(args, "y#|n:unescaped_quotes", &bytes, &length, &end))
        return NULL;
    end = end < 0 ? 0 : end < length ? end : length;
    const unsigned char *text = (const unsigned char *)bytes, *stop = text + end;
    Py_ssize_t quotes = count_quotes(text, end);
    while (text < stop) {
        for (int near = 16; near && text < stop && *text != '\\'; near--)
            text++; /* escapes come in crowds: calling memchr for each would take longer */
        if (text < stop && *text != '\\')
            text = memchr(text, '\\', (size_t)(stop - text));
        if (text == NULL || stop - text < 2)
            break;
        quotes -= text[1] == '"';
        text += 2;
    }
    return PyLong_FromSsize_t(quotes);
}

/* How many texts a decoded value holds, keys included; -1 with an exception set. */
static Py_ssize_t count_texts(PyObject *value)
{
    if (PyUnicode_Check(value))
        return 1;
    int is_list = PyList_Check(value), is_tuple = PyTuple_Check(value), is_dict = PyDict_Check(value);
    if (!is_list && !is_tuple && !is_dict)
        return 0;
    if (Py_EnterRecursiveCall(" while counting quotes"))
        return -1;
    Py_ssize_t count = is_dict ? PyDict_Size(value) : 0, part = 0, place = 0;
    PyObject *item;
    if (is_dict)
        while (part >= 0 && PyDict_Next(value, &place, NULL, &item))
            count += part = count_texts(item);
    else
        while (part >= 0 && place < (is_list ? PyList_Size(value) : PyTuple_Size(value))) {
            item = is_list ? PyList_GetItem(value, place) : PyTuple_GetItem(value, place);
            count += part = count_texts(item);
            place++;
        }
    Py_LeaveRecursiveCall();
    return part < 0 ? -1 : count;
}

static PyObject *quotes_of(PyObject *Py_UNUSED(module), PyObject *value)
{
    Py_ssize_t count = count_texts(value);
    return count < 0 ? NULL : PyLong_FromSsize_t(2 * count);
}

/* --- lines that repeat --- */

typedef struct {
    PyObject_HEAD
    uint64_t *digests; /* an open hash table; 0 is an empty slot */
    size_t slots, used, slots_max;
    Py_ssize_t lines_max, lines, repeats, examples_max;
    PyObject *examples;
} LineSet;

static uint64_t secrets[4]; /* drawn anew by each process: nobody can make lines that collide */

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide; /* without it there is no accelerator */
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t word(const unsigned char *text)
{
    uint64_t value;
    memcpy(&value, text, sizeof value);
    return value;
}

/* A keyed hash in the manner of wyhash: 16 bytes a step, multiplied to 128 bits and folded. */
static uint64_t digest_of(const unsigned char *text, size_t length)
{
    uint64_t state = secrets[0], second = secrets[1], third = secrets[2];
    size_t left = length;
    for (; left > 48; left -= 48, text += 48) { /* three chains, which a processor runs abreast */
        state = fold(word(text) ^ secrets[1], word(text + 8) ^ state);
        second = fold(word(text + 16) ^ secrets[2], word(text + 24) ^ second);
        third = fold(word(text + 32) ^ secrets[3], word(text + 40) ^ third);
    }
    state ^= fold(second ^ secrets[2], third ^ secrets[3]);
    for (; left > 16; left -= 16, text += 16)
        state = fold(word(text) ^ secrets[1], word(text + 8) ^ state);
    unsigned char rest[16] = {0};
    memcpy(rest, text, left);
    state = fold(word(rest) ^ secrets[2], word(rest + 8) ^ state);
    state = fold(state ^ secrets[3], length ^ secrets[1]);
    return state ? state : 1;
}

static int is_blank(const char *text, Py_ssize_t length)
{
    for (Py_ssize_t i = 0; i < length; i++)
        if (text[i] != '\n' && text[i] != ' ' && text[i] != '\r' && text[i] != '\t')
            return 0;
    return 1;
}

/* Whether the digest was there before; it is now. */
static int put(uint64_t *digests, size_t slots, uint64_t digest)
{
    size_t slot = (size_t)(digest % slots);
    while (digests[slot] != 0 && digests[slot] != digest)
        slot = slot + 1 == slots ? 0 : slot + 1;
    int known = digests[slot] == digest;
    digests[slot] = digest;
    return known;
}

/* Twice the slots, but at most four for three lines: while it grows, both tables take memory. */
static int grow(LineSet *self)
{
    size_t slots = self->slots ? 2 * self->slots : 1024;
    if (slots > self->slots_max)
        slots = self->slots_max;
    uint64_t *digests = PyMem_Calloc(slots, sizeof *digests);
    if (digests == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t slot = 0; slot < self->slots; slot++)
        if (self->digests[slot] != 0)
            put(digests, slots, self->digests[slot]);
    PyMem_Free(self->digests);
    self->digests = digests;
    self->slots = slots;
    return 0;
}

static int add_line(LineSet *self, PyObject *line)
{
    char *text;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(line, &text, &length) < 0)
        return -1;
    if (self->lines == self->lines_max)
        return 0;
    self->lines++;
    if (is_blank(text, length))
        return 0;
    if (self->used >= self->slots / 4 * 3 && self->slots < self->slots_max && grow(self) < 0)
        return -1;
    if (!put(self->digests, self->slots, digest_of((const unsigned char *)text, (size_t)length))) {
        self->used++;
        return 0;
    }
    self->repeats++;
    if (PyList_Size(self->examples) >= self->examples_max)
        return 0;
    PyObject *number = PyLong_FromSsize_t(self->lines);
    int result = number == NULL ? -1 : PyList_Append(self->examples, number);
    Py_XDECREF(number);
    return result;
}

static PyObject *LineSet_add(LineSet *self, PyObject *lines)
{
    if (!PyList_Check(lines)) {
        PyErr_SetString(PyExc_TypeError, "the lines must be a list");
        return NULL;
    }
    for (Py_ssize_t i = 0; i < PyList_Size(lines); i++)
        if (add_line(self, PyList_GetItem(lines, i)) < 0)
            return NULL;
    Py_RETURN_NONE;
}

static PyObject *LineSet_found(LineSet *self, PyObject *Py_UNUSED(nothing))
{
    PyObject *examples = PyList_GetSlice(self->examples, 0, PyList_Size(self->examples));
    return examples == NULL ? NULL : Py_BuildValue("nN", self->repeats, examples);
}

static PyObject *LineSet_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(names))
{
    Py_ssize_t lines_max, examples_max;
    if (!PyArg_ParseTuple(args, "nn:LineSet", &lines_max, &examples_max))
        return NULL;
    if (lines_max < 0 || lines_max > PY_SSIZE_T_MAX / 16) {
        PyErr_SetString(PyExc_ValueError, "a LineSet takes some number of lines");
        return NULL;
    }
    LineSet *self = (LineSet *)PyType_GenericAlloc(type, 0);
    if (self == NULL)
        return NULL;
    self->lines_max = lines_max;
    self->examples_max = examples_max;
    self->slots_max = (size_t)(lines_max + lines_max / 3 + 1);
    self->examples = PyList_New(0);
    if (self->examples == NULL)
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void LineSet_dealloc(LineSet *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    PyMem_Free(self->digests);
    Py_XDECREF(self->examples);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyMethodDef LineSet_methods[] = {
    {"add", (PyCFunction)LineSet_add, METH_O, NULL},
    {"found", (PyCFunction)LineSet_found, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot LineSet_slots[] = {
    {Py_tp_new, LineSet_new},
    {Py_tp_dealloc, LineSet_dealloc},
    {Py_tp_methods, LineSet_methods},
    {0, NULL},
};

static PyType_Spec LineSet_spec = {
    .name = "receiver.check._bulk.LineSet",
    .basicsize = sizeof(LineSet),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = LineSet_slots,
};

/* --- columns of timestamps --- */

static PyObject *ends(PyObject *Py_UNUSED(module), PyObject *column)
{
    Py_ssize_t size = PyList_Size(column);
    if (size <= 0)
        return size < 0 ? NULL : PyErr_Format(PyExc_ValueError, "an empty column has no ends");
    long long low = 0, high = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        int overflow;
        long long value = PyLong_AsLongLongAndOverflow(PyList_GetItem(column, i), &overflow);
        if (value == -1 && PyErr_Occurred())
            return NULL;
        if (overflow)
            Py_RETURN_NONE;
        low = i == 0 || value < low ? value : low;
        high = i == 0 || value > high ? value : high;
    }
    return Py_BuildValue("LL", low, high);
}

enum { MINUTES = 17, SECONDS = 19 }; /* how long `YYYY-MM-DDTHH:MM:` and that with `SS` are */

static int is_digits(const char *text, Py_ssize_t length)
{
    for (Py_ssize_t i = 0; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return 0;
    return 1;
}

static int two_digits(const char *text)
{
    return (text[0] - '0') * 10 + text[1] - '0';
}

static int is_minute(const char *text)
{
    static const char shape[] = "0000-00-00T00:00:";
    static const int days[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int i = 0; i < MINUTES; i++)
        if (shape[i] == '0' ? !is_digits(text + i, 1) : text[i] != shape[i])
            return 0;
    int year = two_digits(text) * 100 + two_digits(text + 2);
    int month = two_digits(text + 5), day = two_digits(text + 8);
    if (year < 1 || month < 1 || month > 12)
        return 0;
    int leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day >= 1 && day <= days[month] + leap && text[11] <= '2' && two_digits(text + 11) < 24
        && text[14] < '6';
}

/* Whether a text is earlier than another: without their Z they sort as their times do. */
static int is_earlier(const char *a, Py_ssize_t a_length, const char *b, Py_ssize_t b_length)
{
    int order = memcmp(a, b, (size_t)(a_length < b_length ? a_length : b_length) - 1);
    return order < 0 || (order == 0 && a_length < b_length);
}

static PyObject *between(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *column, *first = NULL, *last = NULL;
    Py_ssize_t digits;
    if (!PyArg_ParseTuple(args, "O!n:between", &PyList_Type, &column, &digits))
        return NULL;
    const char *low = NULL, *high = NULL, *minute = NULL;
    Py_ssize_t low_length = 0, high_length = 0, length;
    for (Py_ssize_t i = 0; i < PyList_Size(column); i++) {
        PyObject *value = PyList_GetItem(column, i);
        if (!PyUnicode_Check(value))
            Py_RETURN_NONE;
        const char *text = PyUnicode_AsUTF8AndSize(value, &length); /* as it stands, if ASCII */
        if (text == NULL) {
            PyErr_Clear();
            Py_RETURN_NONE;
        }
        int whole = length == SECONDS + 1;
        if ((!whole && (length < SECONDS + 3 || length > SECONDS + 2 + digits))
            || text[length - 1] != 'Z' || (!whole && text[SECONDS] != '.'))
            Py_RETURN_NONE;
        if (minute == NULL || memcmp(text, minute, MINUTES) != 0) {
            if (!is_minute(text))
                Py_RETURN_NONE;
            minute = text;
        }
        if (!is_digits(text + MINUTES, 2) || text[MINUTES] > '5'
            || (!whole && !is_digits(text + SECONDS + 1, length - SECONDS - 2)))
            Py_RETURN_NONE;
        if (first == NULL || is_earlier(text, length, low, low_length)) {
            first = value;
            low = text;
            low_length = length;
        }
        if (last == NULL || is_earlier(high, high_length, text, length)) {
            last = value;
            high = text;
            high_length = length;
        }
    }
    return first == NULL ? Py_NewRef(Py_None) : PyTuple_Pack(2, first, last);
}

/* --- the module --- */

static PyMethodDef functions[] = {
    {"unescaped_quotes", unescaped_quotes, METH_VARARGS, NULL},
    {"quotes_of", quotes_of, METH_O, NULL},
    {"ends", ends, METH_O, NULL},
    {"between", between, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject *module)
{
    PyObject *os = PyImport_ImportModule("os");
    PyObject *random = os == NULL ? NULL : PyObject_CallMethod(os, "urandom", "n", sizeof secrets);
    Py_XDECREF(os);
    if (random == NULL)
        return -1;
    if (secrets[0] == 0) /* not those of another interpreter in this process */
        memcpy(secrets, PyBytes_AsString(random), sizeof secrets);
    Py_DECREF(random);
    PyObject *type = PyType_FromSpec(&LineSet_spec);
    int result = type == NULL ? -1 : PyModule_AddObjectRef(module, "LineSet", type);
    Py_XDECREF(type);
    return result;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, set_up}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "receiver.check._bulk",
    .m_methods = functions,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__bulk(void)
{
    return PyModuleDef_Init(&definition);
}
