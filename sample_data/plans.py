"""What is being done about the open risks: what lies behind each, who stands behind its plan, and its actions.

Made last, when risks have their numbers, with chance of its own: no other table is changed by it.
"""

import numpy as np
import pandas as pd
import words
from company import TODAY, dice

DAY = np.timedelta64(1, "D")
MOMENT = "datetime64[s]"
ACTIONS = ["action_id", "account_id", "risk_id", "action", "owner", "written_on", "due_on", "done_on", "dropped_on"]


def with_plans(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables with what lies behind each open risk that has a plan, and the actions of these plans."""
    rng, risks = dice("plans"), tables["risks"].copy()
    told = {name: np.full(len(risks), None, dtype=object) for name in ("root_cause", "sponsor", "status")}
    found = []
    for place, risk in enumerate(risks.itertuples()):
        if pd.notna(risk.closed_on) or pd.isna(risk.plan):
            continue
        actions = actions_of(risk, rng)
        found += actions
        late = sum(a["done_on"] is a["dropped_on"] is None and a["due_on"] < TODAY for a in actions)
        told["root_cause"][place] = words.ROOT_CAUSES.get(risk.reason, "Not understood yet")
        told["sponsor"][place] = rng.choice(words.EXECUTIVES) if rng.random() < 0.6 else None
        told["status"][place] = ("on track", "slipping", "stuck")[min(late, 2)]
    rows = pd.DataFrame(found).sort_values(["due_on", "account_id", "action"], kind="stable", ignore_index=True)
    rows.insert(0, "action_id", [f"ACT-{number:05}" for number in range(1, len(rows) + 1)])
    days = {name: rows[name].astype(MOMENT) for name in ("written_on", "due_on", "done_on", "dropped_on")}
    return tables | {"risks": risks.assign(**told), "actions": rows.assign(**days)[ACTIONS]}


def actions_of(risk: object, rng: np.random.Generator) -> list[dict]:
    """Two to four actions of a plan; most of those due are done, a few given up, none after it was last touched."""
    touched = np.datetime64(risk.planned_on, "D")
    written = touched - int(rng.integers(3, 24)) * DAY
    written = max(written, np.datetime64(risk.opened_on, "D"))
    made = []
    for number, action in enumerate(rng.choice(words.ACTIONS, rng.integers(2, 5), replace=False)):
        due = written + (10 * (number + 1) + int(rng.integers(0, 9))) * DAY
        done = due - int(rng.integers(-2, 4)) * DAY
        chance = rng.random()
        kept, dropped = chance < 0.85 and done <= touched, chance > 0.93
        made.append({
            "account_id": risk.account_id, "risk_id": risk.risk_id, "action": action, "owner": risk.owner,
            "written_on": written, "due_on": due, "done_on": max(done, written) if kept else None,
            "dropped_on": touched if dropped else None,
        })  # fmt: skip
    return made
