"""The tables of `$RECTIFIER_DATA/tabular`: files, target, task, and whether the first line has names.

Fields stay the text that the file has, so that the tool reads what a user would hand it.
"""

import csv
import functools
import os
from dataclasses import dataclass

import numpy
from sklearn.model_selection import train_test_split

MISSING = ("", "?")


@dataclass(frozen=True)
class Table:
    name: str
    target: str
    """The column's name, or its number where the file has no header."""
    is_regression: bool = False
    has_header: bool = False
    files: tuple = ()

    @property
    def metrics(self):
        return ("R²", "RMSE") if self.is_regression else ("accuracy", "log-loss", "ECE")


class Content:
    """Header and rows of a table as text. Rows without a target are left out."""

    def __init__(self, table, folder):
        self.rows = []
        for name in table.files or (f"{table.name}.csv",):
            with open(os.path.join(folder, name), newline="") as file:
                rows = [row for row in csv.reader(file) if row]
            self.header = rows.pop(0) if table.has_header else None
            self.rows += rows
        self.target = self.header.index(table.target) if table.has_header else int(table.target)
        self.rows = [row for row in self.rows if row[self.target].strip() not in MISSING]
        self.labels = numpy.array([row[self.target].strip() for row in self.rows])

    def split(self, seed, stratified):
        """Row numbers: 80 % to train, 20 % to test, drawn by the seed."""
        numbers = numpy.arange(len(self.rows))
        stratify = self.labels if stratified else None
        return train_test_split(numbers, test_size=0.2, random_state=seed, stratify=stratify)

    def write(self, path, numbers):
        with open(path, "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows(([self.header] if self.header else []) + [self.rows[number] for number in numbers])


@functools.cache
def content(table, folder):
    return Content(table, folder)


TABLES = (
    Table("iris", "species", has_header=True),
    Table("sonar", "60"),
    Table("glass", "9"),
    Table("tips", "tip", is_regression=True, has_header=True),
    Table("horse-colic", "22"),
    Table("penguins", "species", has_header=True),
    Table("mpg", "mpg", is_regression=True, has_header=True),
    Table("pima", "8"),
    Table("titanic", "Survived", has_header=True, files=("titanic-train.csv",)),
    Table("german-credit", "20"),
    Table("wine-red", "11", is_regression=True),
    Table("abalone", "8", is_regression=True),
    Table("optdigits", "Class", has_header=True, files=("optdigits.tra", "optdigits.tes")),
    Table("covertype", "54", files=("covertype-20k.csv",)),
    Table("housing", "median_house_value", is_regression=True, has_header=True),
    Table("adult", "14", files=("adult-train.csv", "adult-test.csv")),
    Table("diamonds", "price", is_regression=True, has_header=True),
)
NAMES = [table.name for table in TABLES]


def chosen(names):
    """Those tables, or all."""
    return [table for table in TABLES if not names or table.name in names]
