"""Which signals are there, whom do they fire for, and from when on should they?"""

from pages import ui

book = ui.today(ui.book()).book
ui.signals_answer(book)
chosen = ui.signal_list(book)
if chosen is not None:
    ui.say("##### Thresholds")
    ui.signal_dials(book, chosen)
