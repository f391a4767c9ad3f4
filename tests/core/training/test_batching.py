import pytest
import torch

from core.errors import Unavailable
from core.training.batching import BatchFinder, TrainingBatch


def test_as_often_as_memory_runs_out_the_batch_is_halved_and_stays_so():
    tried, told = [], []

    def work(batch: TrainingBatch) -> int:
        tried.append(batch)
        if batch.rows > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return batch.rows

    batching = BatchFinder(TrainingBatch(8, 2), told.append)
    assert batching.run(work) == 2
    assert tried == [TrainingBatch(8, 2), TrainingBatch(4, 4), TrainingBatch(2, 8)]
    assert told == tried[1:]
    assert batching.run(work) == 2
    assert len(tried) == 4


def test_torch_on_a_cpu_runs_out_of_memory_too():
    sizes = []

    def work(batch: TrainingBatch) -> int:
        sizes.append(batch.rows)
        return torch.empty((1 << 60) if batch.rows > 1 else 1).numel()

    assert BatchFinder(TrainingBatch(2), lambda batch: None).run(work) == 1
    assert sizes == [2, 1]


def test_when_the_least_does_not_fit_it_says_so():
    def work(batch: TrainingBatch) -> None:
        raise MemoryError

    with pytest.raises(Unavailable) as failed:
        BatchFinder(TrainingBatch(4), lambda batch: None, least=2).run(work)
    assert failed.value.key == "train.no_memory"


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    def work(batch: TrainingBatch) -> None:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes"):
        BatchFinder(TrainingBatch(4), lambda batch: None).run(work)


@pytest.mark.parametrize("rows", range(2, 12))
def test_no_row_is_lost_in_halving(rows: int):
    assert TrainingBatch(rows, 3).halved.rows * TrainingBatch(rows, 3).halved.n_accumulated >= rows * 3
