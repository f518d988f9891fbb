# ruff: noqa: E501
"""Cells as they stand in honest notebooks: each of them runs in Jupyter, and has to run where it is graded."""

import json
import os
import subprocess
import sys
from pathlib import Path

import fysstk_book
from fysstk_book.grade import sandbox
from fysstk_book.grade.intake import File
from fysstk_book.grade.sandbox import Limits
from fysstk_book.grade.session import Judge, grade_notebook

# A name, and the cell. A cell that needs something beside the notebook finds it in BESIDE.
CELLS = {
    # Python that a regular expression takes for a magic
    "a line that begins with %": "print('cost %.3f, step %d'\n      % (0.25, 3))",
    "a line that begins with !=": "flag = (1\n        != 2)\nassert flag",
    "a line that begins with % and a number": "k = (17\n     % 5)\nassert k == 2",
    "% in a text of several lines": 's = """\n% a comment in LaTeX\n! and more\n"""\nassert "LaTeX" in s',
    "a line separator in a text": "s = 'a\u2028b'\nassert len(s) == 3",
    "a form feed": "x = 1\n\x0cy = 2\nassert x + y == 3",
    "tabs": "def f(x):\n\treturn x\nassert f(1) == 1",
    "carriage returns": "x = 1\r\ny = 2\r\nassert x + y == 3",
    "a semicolon at the end": "import numpy as np\nnp.arange(3);",
    "a first line that is indented": "    x = 5\n    assert x == 5",
    "prompts that were copied": ">>> x = 6\n>>> assert x == 6",
    "IPython's prompts that were copied": "In [1]: x = 7\n   ...: assert x == 7",
    "an empty cell": "",
    "a cell with a comment only": "# to do: nothing",
    "Norwegian letters": "blåbær = 3\nassert blåbær == 3",
    "Greek letters": "η, δ = 0.1, 2.0\nassert η * δ == 0.2",
    "a walrus and a match": "match (n := 3):\n    case 3:\n        ok = True\nassert ok",
    # magics
    "%time with an assignment": "%time x = 5\nassert x == 5",
    "%%time": "%%time\nx = 8\nassert x == 8",
    "%timeit -o": "t = %timeit -o -n1 -r1 1+1\nassert t.loops == 1",
    "%%timeit": "%%timeit -n1 -r1\nsum(range(3))",
    "%%capture with a name": "%%capture out\nprint('hello')",
    "what was captured": "assert 'hello' in out.stdout",
    "%matplotlib inline": "%matplotlib inline\nimport matplotlib.pyplot as plt",
    "%matplotlib notebook": "%matplotlib notebook",
    "%matplotlib widget": "%matplotlib widget",
    "%config": "%config InlineBackend.figure_format = 'retina'",
    "%load_ext and %autoreload": "%load_ext autoreload\n%autoreload 2",
    "an extension that is not installed": "%load_ext tensorboard",
    "%pip and !pip": "%pip install numpy\n!pip install --quiet scipy",
    "!pip in an if": "if False:\n    !pip install nothing\nelse:\n    x = 1",
    "a program whose output is kept": "files = !ls\nassert files is not None",
    "a program with a variable": "folder = '.'\n!ls {folder} $folder",
    "%%bash": "%%bash\necho hello\nexit 3",
    "%%html and %%javascript": "%%html\n<b>hello</b>",
    "%%latex": "%%latex\n\\alpha",
    "a language that is not installed": "%%julia\nprintln(1)",
    "%%writefile": "%%writefile helper.py\ndef three():\n    return 3",
    "importing what was written": "from helper import three\nassert three() == 3",
    "%run of what was written": "%run helper.py\nassert three() == 3",
    "%run of a neighbour": "%run neighbour.py\nassert FROM_NEIGHBOUR == 11",
    "%cd and %pwd": "%pwd\n%cd -q .",
    "%env": "%env OMP_NUM_THREADS=1",
    "%set_env, %who, %whos": "%who\n%whos\n%who_ls",
    "%reset of nothing": "%precision 4\n%xmode Minimal",
    "%prun": "%prun -q sum(range(10))",
    "%%prun": "%%prun -q\nsum(range(10))",
    "%lsmagic and %magic words": "%lsmagic",
    "%alias and %macro": "%alias_magic t timeit",
    "%history": "%history -n 1-2",
    "help with one mark": "import math\nmath.exp?",
    "help with two marks": "math.exp??",
    "help before the name": "?math.exp",
    "help()": "help(len)",
    # the kernel
    "get_ipython": "get_ipython().run_line_magic('matplotlib', 'inline')",
    "asking which kernel it is": "import sys\nin_colab = 'google.colab' in str(get_ipython())",
    "get_ipython().system": "get_ipython().system('echo hello')",
    "IPython.get_ipython": "import IPython\nassert IPython.get_ipython() is not None",
    "display": "display(1, 'two')\ndisplay({'a': 1})",
    "IPython.display": "from IPython.display import HTML, Image, Latex, Markdown, Math, Video, YouTubeVideo\n"
    "display(HTML('<b>x</b>'), Math('x'), Markdown('x'), Latex('$x$'), YouTubeVideo('x'))",
    "clear_output": "from IPython.display import clear_output\nclear_output(wait=True)",
    "display that is updated": "h = display('a', display_id=True)\nh.update('b')",
    "the last value": "12 + 1",
    "the last value in _": "assert _ == 13",
    "Out and In": "assert 13 in Out.values() and len(In) > 3",
    "await": "import asyncio\nawait asyncio.sleep(0)",
    "async for": "async def two():\n    for i in range(2):\n        yield i\n"
    "found = [i async for i in two()]\nassert found == [0, 1]",
    "asyncio.run": "async def one():\n    return 1\nassert asyncio.run(one()) == 1",
    "widgets": "import ipywidgets as widgets\nfrom ipywidgets import interact\n"
    "slider = widgets.FloatSlider(min=0, max=1, value=0.5)\ndisplay(slider)",
    "interact as a decorator": "@interact(x=(0, 10))\ndef shown(x=3):\n    return x\nassert shown(3) == 3",
    "tqdm.notebook": "from tqdm.notebook import tqdm, trange\nfor i in tqdm(range(3)):\n    pass",
    "tqdm.auto": "from tqdm.auto import tqdm\nassert list(tqdm(range(3))) == [0, 1, 2]",
    "Colab where it is": "try:\n    import google.colab\n    from google.colab import drive\n"
    "    drive.mount('/content/drive')\nexcept ImportError:\n    pass",
    "__name__": "if __name__ == '__main__':\n    main_ran = True\nassert main_ran",
    "__main__ as a module": "import __main__\nassert __main__.main_ran",
    "globals and locals": "globals()['made'] = 1\nassert made == 1 and 'made' in locals()",
    "pickling a function of one's own": "import pickle\ndef mine(x):\n    return x\n"
    "assert pickle.loads(pickle.dumps(mine)) is mine",
    "pickling a class of one's own": "class Own:\n    pass\nassert type(pickle.loads(pickle.dumps(Own()))) is Own",
    "inspect.getsource": "import inspect\ndef source_of_me():\n    return 42\n"
    "assert '42' in inspect.getsource(source_of_me)",
    "dataclasses": "from dataclasses import dataclass\n@dataclass\nclass Net:\n    w: float = 1.0\nassert Net().w == 1",
    "typing hints of its own names": "import typing\nassert typing.get_type_hints(Net)['w'] is float",
    "exit and quit": "exit\nquit",
    "exit()": "exit()",
    "sys.exit in a guarded block": "try:\n    sys.exit(0)\nexcept SystemExit:\n    pass",
    "sys.argv for argparse": "import argparse\nassert argparse.ArgumentParser().parse_args([]) is not None",
    # pictures
    "figures": "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])\nplt.show()",
    "fifty figures": "import warnings\nfor i in range(10):\n    plt.figure()",
    "warnings as errors and plt.show": "with warnings.catch_warnings():\n    warnings.simplefilter('error')\n"
    "    plt.plot([1])\n    plt.show()",
    "savefig": "plt.plot([1, 2])\nplt.savefig('figure.png')",
    "interactive plots": "plt.ion()\nplt.plot([1])\nplt.pause(0.001)\nplt.ioff()",
    "an animation": "from matplotlib.animation import FuncAnimation\nfig, ax = plt.subplots()\n"
    "film = FuncAnimation(fig, lambda i: ax.plot([i]), frames=2)\nhtml = HTML(film.to_jshtml())",
    "%pylab": "%pylab inline\nassert arange(3).sum() == 3",
    # files
    "a file of data beside it": "import numpy as np\nassert np.loadtxt('data.csv', delimiter=',').sum() == 10",
    "a folder of data beside it": "assert open('data/deep.txt').read() == 'deep'",
    "a module of one's own": "import neighbour\nassert neighbour.FROM_NEIGHBOUR == 11",
    "a package of one's own": "from package.part import PART\nassert PART == 12",
    "writing beside it": "open('data.csv', 'a').write('\\n')\nopen('new.txt', 'w').write('x')",
    "tempfile": "import tempfile\nwith tempfile.NamedTemporaryFile() as f:\n    f.write(b'x')",
    "home and expanduser": "from pathlib import Path\n(Path.home() / 'x.txt').write_text('x')",
    "os.getlogin or getpass": "import getpass\nassert getpass.getuser()",
    "logging": "import logging\nlogging.basicConfig(level=logging.INFO)\nlogging.info('hello')",
    "a seed of one's own": "np.random.seed(2026)\nrng = np.random.default_rng(1)",
    "printing very much": "for i in range(3000):\n    print('x' * 100)",
    "warnings": "warnings.warn('careful')",
    "changing how numbers print": "np.set_printoptions(precision=3, suppress=True)",
    "a thread": "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()",
    "a pool of threads": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor(2) as pool:\n    assert list(pool.map(abs, [-1, 2])) == [1, 2]",
    "a pool of processes": "import multiprocessing as mp\nif mp.get_start_method() == 'fork' or mp.get_start_method():\n"
    "    with mp.get_context('fork').Pool(2) as pool:\n        assert pool.map(abs, [-1, 2]) == [1, 2]",
    "hints and progress": "from fysstk_book.check import check, hint, progress\nhint('one-cost')\nprogress()",
}

BESIDE = {
    "neighbour.py": "FROM_NEIGHBOUR = 11\n",
    "data.csv": "1,2\n3,4\n",
    "data/deep.txt": "deep",
    "package/__init__.py": "",
    "package/part.py": "PART = 12\n",
}


TRY_ALL = """
import json, os, sys
cells = json.load(sys.stdin)
from fysstk_book.grade import kernel
real = os.fdopen(os.dup(1), 'w')
sys.path.insert(0, os.getcwd())
sys.argv = ['notebook']
shell = kernel.start(programs=True)
told = {}
for name, cell in cells.items():
    error = kernel.run_cell(shell, cell)
    if error is not None:
        told[name] = f'{type(error).__name__}: {error}'
real.write('\\n' + json.dumps(told))
real.flush()
os._exit(0)
"""


def test_honest_cells_run_as_in_jupyter(tmp_path):
    """Over a hundred things that stand in honest notebooks, in one kernel one after the other."""
    for name, text in BESIDE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    environment = {
        **os.environ,
        "MPLBACKEND": "Agg",
        "IPYTHONDIR": str(tmp_path / ".ipython"),
        "PYTHONPATH": os.pathsep.join(
            [str(Path(fysstk_book.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        ),
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", TRY_ALL],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        input=json.dumps(CELLS),
    )
    assert json.loads(done.stdout.splitlines()[-1]) == {}, done.stderr[-2000:]
    assert len(CELLS) >= 60


def test_honest_cells_reach_their_checks(tmp_path):
    """The same where they are graded: no right answer is lost, and nothing looks like cheating."""
    answer = "def one_cost(x, y, w1, b1):\n    return 0.5 * (1 - 1 / (1 + np.exp(-w1 * x - b1)) - y) ** 2\n"
    answer += "check('one-cost', one_cost)"
    sources = ["from fysstk_book.check import check", *CELLS.values(), answer]
    cells = [{"cell_type": "code", "source": source} for source in sources]
    files = []
    for name, text in {**BESIDE, "n.ipynb": json.dumps({"cells": cells})}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        files.append(File(tmp_path / name, name))
    judge = Judge()
    try:
        rows = grade_notebook("n", files, "n.ipynb", Limits(), sandbox.choose(), judge)
    finally:
        judge.close()
    assert [(row.exercise, row.verdict, row.mistake) for row in rows if row.verdict != "missing"] == [
        ("one-cost", "right", "")
    ]
