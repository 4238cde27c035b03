"""The demo county: authored petitions (`data/demo/`) played through the real conversation, desk and
ratings, so that whoever opens Xiangyin for the first time meets a county at work."""
