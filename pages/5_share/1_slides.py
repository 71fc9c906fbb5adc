"""Which slides do I take away, and what do they say?"""

from pages import ui

book = ui.book()
wanted = ui.choose_deck(book)
template = ui.template()
slides = ui.edited(ui.slides_of(book, wanted))
deck, pictures = ui.made_deck(slides, template)
ui.download_deck(slides, deck, len(pictures), wanted)
ui.download_each(book, wanted, template)
ui.pictured(pictures)
